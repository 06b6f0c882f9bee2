// Which flow schema a request belongs to, and which flow within it.
// Upstream: apiserver/pkg/util/flowcontrol/rule.go.

import type { FlowSchema, PolicyRulesWithSubjects, ResourcePolicyRule, Subject } from 'kubernetes-types/flowcontrol/v1'
import type { UserInfo } from '../request-path/request-context.ts'
import type { RequestInfo } from '../request-path/request-info.ts'

/** In the order they are asked: the lowest precedence first, then by name. */
export function inOrder(schemas: Iterable<FlowSchema>): FlowSchema[] {
  const precedence = ({ spec }: FlowSchema) => spec?.matchingPrecedence ?? 0
  const name = ({ metadata }: FlowSchema) => metadata?.name ?? ''
  return [...schemas].sort((a, b) => precedence(a) - precedence(b) || (name(a) < name(b) ? -1 : 1))
}

export const schemaOf = (schemas: readonly FlowSchema[], user: UserInfo, info: RequestInfo): FlowSchema | undefined =>
  schemas.find(({ spec }) => spec?.rules?.some((rule) => matches(rule, user, info)))

/** Requests of one flow wait for each other; those of another do not wait for them. */
export function flowOf({ spec }: FlowSchema, user: UserInfo, info: RequestInfo): string {
  switch (spec?.distinguisherMethod?.type) {
    case 'ByUser':
      return user.name
    case 'ByNamespace':
      return info.namespace
    default:
      return ''
  }
}

function matches(rule: PolicyRulesWithSubjects, user: UserInfo, info: RequestInfo): boolean {
  if (!rule.subjects?.some((subject) => isSubject(subject, user))) return false
  if (info.isResource) return rule.resourceRules?.some((one) => isAbout(one, info)) ?? false
  return (
    rule.nonResourceRules?.some(
      ({ verbs, nonResourceURLs }) => holds(verbs, info.verb) && nonResourceURLs.some((url) => isAt(url, info.path)),
    ) ?? false
  )
}

function isSubject({ kind, user: named, group, serviceAccount }: Subject, { name, groups }: UserInfo): boolean {
  switch (kind) {
    case 'User':
      return named?.name === '*' || named?.name === name
    case 'Group':
      return group?.name === '*' || groups.includes(group?.name ?? '')
    case 'ServiceAccount': {
      const prefix = `system:serviceaccount:${serviceAccount?.namespace}:`
      return serviceAccount?.name === '*' ? name.startsWith(prefix) : name === `${prefix}${serviceAccount?.name}`
    }
    default:
      return false
  }
}

function isAbout(rule: ResourcePolicyRule, info: RequestInfo): boolean {
  const resource = info.subresource ? `${info.resource}/${info.subresource}` : info.resource
  if (!holds(rule.verbs, info.verb) || !holds(rule.resources, resource) || !holds(rule.apiGroups, info.group)) {
    return false
  }
  return info.namespace ? holds(rule.namespaces ?? [], info.namespace) : (rule.clusterScope ?? false)
}

const holds = (list: readonly string[], value: string) => list[0] === '*' || list.includes(value)

function isAt(url: string, path: string): boolean {
  if (url === '*' || url === path) return true
  const prefix = url.replace(/\*$/, '')
  return path.startsWith(prefix.endsWith('/') ? prefix : `${prefix}/`)
}
