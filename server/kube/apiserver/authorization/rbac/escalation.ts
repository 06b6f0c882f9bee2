// Nobody gives away what they do not have: whoever writes a role or a binding must hold every right in it, unless they
// may `escalate` (roles) or `bind` (bindings). Upstream: kubernetes/pkg/registry/rbac, component-helpers/auth/rbac.

import type { PolicyRule } from 'kubernetes-types/rbac/v1'
import type { UserInfo } from '../../request-path/request-context.ts'
import type { RbacPolicy } from './policy.ts'
import { coversPath } from './rule-match.ts'

/** What `rules` would give that `user` does not hold there; undefined when all of it is held. */
export function escalationProblem(
  policy: RbacPolicy,
  { user, namespace, rules }: { user: UserInfo; namespace: string; rules: readonly PolicyRule[] },
): string | undefined {
  const held = policy.boundAt(namespace, user).flatMap(({ role }) => policy.rulesOf(role) ?? [])
  const missing = missingAtoms(held, rules)
  if (missing.length === 0) return undefined
  const lines = [...new Set(compacted(missing).map(shownRule))].sort()
  const groups = user.groups.map((group) => JSON.stringify(group)).join(' ')
  return (
    `user ${JSON.stringify(user.name)} (groups=[${groups}]) is attempting to grant RBAC permissions not currently held:\n` +
    lines.join('\n')
  )
}

/** What of `rules` is not in `held`, in its smallest parts. */
export function missingAtoms(held: readonly PolicyRule[], rules: readonly PolicyRule[]): Atom[] {
  return rules.flatMap(atoms).filter((atom) => !held.some((rule) => coversAtom(rule, atom)))
}

/** A rule of one verb on one resource (or path). */
type Atom = Required<PolicyRule>

function atoms(rule: PolicyRule): Atom[] {
  const none = { apiGroups: [], resources: [], resourceNames: [], nonResourceURLs: [] }
  const { verbs, apiGroups = [], resources = [], resourceNames = [], nonResourceURLs = [] } = rule
  const names = resourceNames.length > 0 ? resourceNames.map((name) => [name]) : [[]]
  return [
    ...apiGroups.flatMap((group) =>
      resources.flatMap((resource) =>
        verbs.flatMap((verb) =>
          names.map((name) => ({
            ...none,
            apiGroups: [group],
            resources: [resource],
            verbs: [verb],
            resourceNames: name,
          })),
        ),
      ),
    ),
    ...nonResourceURLs.flatMap((url) => verbs.map((verb) => ({ ...none, nonResourceURLs: [url], verbs: [verb] }))),
  ]
}

function coversAtom(held: PolicyRule, atom: Atom): boolean {
  const [verb = ''] = atom.verbs
  const has = (values: readonly string[] | undefined, value: string) =>
    values?.includes('*') === true || values?.includes(value) === true
  if (!has(held.verbs, verb)) return false
  const [url] = atom.nonResourceURLs
  if (url !== undefined) return (held.nonResourceURLs ?? []).some((path) => coversPath(path, url))
  const [resource = ''] = atom.resources
  const slash = resource.indexOf('/')
  const isCovered =
    has(held.resources, resource) || (slash >= 0 && held.resources?.includes(`*${resource.slice(slash)}`) === true)
  const [name] = atom.resourceNames
  const namesHeld = held.resourceNames ?? []
  const isNameHeld = namesHeld.length === 0 || (name !== undefined && namesHeld.includes(name))
  return has(held.apiGroups, atom.apiGroups[0] ?? '') && isCovered && isNameHeld
}

/** Atoms on the same resource become one rule again, so that the message stays readable. */
function compacted(missing: readonly Atom[]): Atom[] {
  const rules = new Map<string, Atom>()
  for (const atom of missing) {
    const isSimple = atom.resourceNames.length === 0 && atom.nonResourceURLs.length === 0
    const key = isSimple ? `${atom.apiGroups[0]}/${atom.resources[0]}` : JSON.stringify(atom)
    const known = rules.get(key)
    if (known) known.verbs.push(...atom.verbs.filter((verb) => !known.verbs.includes(verb)))
    else rules.set(key, { ...atom, verbs: [...atom.verbs] })
  }
  return [...rules.values()]
}

function shownRule({ apiGroups, resources, nonResourceURLs, resourceNames, verbs }: Atom): string {
  const parts = {
    APIGroups: apiGroups,
    Resources: resources,
    NonResourceURLs: nonResourceURLs,
    ResourceNames: resourceNames,
    Verbs: verbs,
  }
  const shown = Object.entries(parts)
    .filter(([, values]) => values.length > 0)
    .map(([name, values]) => `${name}:[${values.map((value) => JSON.stringify(value)).join(' ')}]`)
  return `{${shown.join(', ')}}`
}
