// The least that would have to be written for a refused request to be allowed: where a rule of the sender's own Role lacks
// nothing but the verb, that verb. Roles of a whole cluster are others' as well, so for them nothing is proposed.

import type { PolicyRule } from 'kubernetes-types/rbac/v1'
import type { NearMiss } from '../../../../server/base/trace.ts'

export interface ChangeLine {
  sign: '' | '-' | '+'
  text: string
}

export function smallestChange(miss: NearMiss, rule: PolicyRule | undefined, verb: string): ChangeLine[] | undefined {
  const { place, group, resource, name } = miss.fits
  if (!rule || miss.role.kind !== 'Role' || miss.fits.verb || !place || !group || !resource || !name) return undefined
  // Added since, in the role as it is now.
  if (rule.verbs.includes(verb)) return undefined
  const { apiGroups = [], resources = [], resourceNames = [], verbs } = rule
  const list = (values: readonly string[]) => `[${values.map((value) => value || '""').join(', ')}]`
  return [
    { sign: '', text: `# Role ${miss.role.name} in ${miss.role.namespace}, rule ${miss.rule + 1}` },
    { sign: '', text: `- apiGroups: ${list(apiGroups)}` },
    { sign: '', text: `  resources: ${list(resources)}` },
    ...(resourceNames.length > 0 ? [{ sign: '', text: `  resourceNames: ${list(resourceNames)}` } as const] : []),
    { sign: '-', text: `  verbs: ${list(verbs)}` },
    { sign: '+', text: `  verbs: ${list([...verbs, verb])}` },
  ]
}
