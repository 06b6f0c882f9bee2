// Rules and refusals in words, told the same way on the canvas, beside it and in the table. What stands between backticks
// is code.

import type { PolicyRule } from 'kubernetes-types/rbac/v1'
import type { Grant, NearMiss } from '../../../../server/base/trace.ts'
import { whatOf } from './draft.ts'

/** What was asked. */
export interface Asked {
  verb: string
  group?: string | undefined
  resource: string
  subresource: string
  namespace: string
  name: string
  path?: string | undefined
}

type Part = keyof NearMiss['fits']
export const parts: readonly Part[] = ['place', 'group', 'resource', 'name', 'verb']
export const partTitles: Record<Part, string> = {
  place: 'place',
  group: 'group',
  resource: 'kind',
  name: 'name',
  verb: 'verb',
}

/** `deployments.apps web in shop`, `/healthz`. */
export function askedWords(asked: Asked): string {
  if (asked.path) return asked.path
  const { namespace, name } = asked
  const what = whatOf({ ...asked, group: asked.group ?? '' })
  return [what, name, namespace && `in ${namespace}`].filter(Boolean).join(' ')
}

/** What a rule is about, where there is little room: of many things the one that was asked for, and how many more. */
export function shortRuleTitle(rule: PolicyRule, asked: Asked | undefined): string {
  if (!asked) return ruleTitle(rule)
  const only = (values: string[] = [], wanted = '') => (values.includes(wanted) ? [wanted] : values)
  const shown: PolicyRule = {
    verbs: rule.verbs,
    apiGroups: only(rule.apiGroups, asked.group),
    resources: only(rule.resources, whatOf({ ...asked, group: '' })),
    nonResourceURLs: only(rule.nonResourceURLs, asked.path),
    resourceNames: only(rule.resourceNames, asked.name),
  }
  const count = ({ resources = [], nonResourceURLs = [] }: PolicyRule) => resources.length + nonResourceURLs.length
  const more = count(rule) - count(shown)
  return more > 0 ? `${ruleTitle(shown)} +${more}` : ruleTitle(shown)
}

/** What a rule is about: `apps · deployments`. */
export function ruleTitle({ apiGroups = [], resources = [], nonResourceURLs = [], resourceNames = [] }: PolicyRule) {
  if (nonResourceURLs.length > 0) return nonResourceURLs.join(' ')
  const groups = apiGroups.map((group) => group || 'core').join(' ')
  return `${groups} · ${resources.join(' ')}${resourceNames.length > 0 ? ` named ${resourceNames.join(' ')}` : ''}`
}

export const bindingPlace = ({ binding }: Grant): string =>
  binding.namespace ? `${binding.kind} in ${binding.namespace}` : binding.kind

export const rolePlace = ({ role }: Grant): string => (role.namespace ? `${role.kind} in ${role.namespace}` : role.kind)

/** `deployer, rule 1`, as people count. */
export const ruleName = ({ role, rule }: Grant & { rule: number }): string => `${role.name}, rule ${rule + 1}`

/** What of a rule does not fit, each part in a sentence: "verb `delete` is not in get, list, watch". */
export function missWords({ fits, binding }: NearMiss, rule: PolicyRule | undefined, asked: Asked): string[] {
  const { verbs, apiGroups, resources, resourceNames, nonResourceURLs } = rule ?? { verbs: undefined }
  const isNotIn = (what: string, value: string, values: readonly string[] | undefined) => {
    if (!values) return `${what} \`${value}\` is not in it`
    // The rule is shown as it is now, and what did not fit as it was then.
    if (values.includes(value) || values.includes('*')) return `${what} \`${value}\` was not in it then`
    return `${what} \`${value || '""'}\` is not in ${values.map((one) => one || '""').join(', ')}`
  }
  const words: Record<Part, () => string> = {
    place: () =>
      `it counts in namespace \`${binding.namespace}\`, not ${asked.namespace ? `in \`${asked.namespace}\`` : 'for the whole cluster'}`,
    group: () => isNotIn('API group', asked.group ?? '', apiGroups),
    resource: () =>
      asked.path
        ? isNotIn('path', asked.path, nonResourceURLs)
        : isNotIn('resource', whatOf({ ...asked, group: '' }), resources),
    name: () =>
      asked.name
        ? isNotIn('name', asked.name, resourceNames)
        : `it is only for what is named ${resourceNames?.join(', ') ?? 'in it'}, and no name was given`,
    verb: () => isNotIn('verb', asked.verb, verbs),
  }
  return parts.filter((part) => !fits[part]).map((part) => words[part]())
}

/** The same on a card, where there is room for two words. */
export function missMarks({ place, group, resource, name, verb }: NearMiss['fits'], asked: Asked): string[] {
  return [
    ...(place ? [] : [asked.namespace ? `not in ${asked.namespace}` : 'not everywhere']),
    ...(resource ? (group ? [] : ['other group']) : [`not ${asked.path || whatOf({ ...asked, group: '' })}`]),
    ...(name ? [] : [asked.name ? `not ${asked.name}` : 'only by name']),
    ...(verb ? [] : [`no ${asked.verb}`]),
  ]
}
