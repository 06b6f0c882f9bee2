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

/**
 * Which schema a request belongs to. Whom a rule is about is looked up once for each user: components ask all the time.
 */
export class FlowMatch<T extends { schema: FlowSchema }> {
  readonly #ways: readonly T[]
  readonly #byUser = new WeakMap<UserInfo, readonly { way: T; rules: readonly PolicyRulesWithSubjects[] }[]>()

  /** In the order they are asked. */
  constructor(ways: readonly T[]) {
    this.#ways = ways
  }

  find(user: UserInfo, info: RequestInfo): T | undefined {
    return this.#about(user).find(({ rules }) => rules.some((rule) => matches(rule, info)))?.way
  }

  #about(user: UserInfo) {
    const known = this.#byUser.get(user)
    if (known) return known
    const about = this.#ways.flatMap((way) => {
      const rules = (way.schema.spec?.rules ?? []).filter(({ subjects }) =>
        subjects?.some((subject) => isSubject(subject, user)),
      )
      return rules.length > 0 ? [{ way, rules }] : []
    })
    this.#byUser.set(user, about)
    return about
  }
}

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

function matches(rule: PolicyRulesWithSubjects, info: RequestInfo): boolean {
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
