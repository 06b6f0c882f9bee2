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

interface About<T> {
  rules: readonly { way: T; rules: readonly PolicyRulesWithSubjects[] }[]
  /** What was found for requests of one sort. */
  found: Map<string, T | undefined>
}

/** Of one user; whoever asks for ever new things has them looked up again, and for things with long names each time. */
const MOST_FOUND = 250
const LONGEST_FOUND = 250

/**
 * Which schema a request belongs to. Whom a rule is about is looked up once for each user, and what of them a sort of
 * request is for once too: components ask for the same all the time, and there may be very many rules.
 */
export class FlowMatch<T extends { schema: FlowSchema }> {
  readonly #ways: readonly T[]
  readonly #byUser = new WeakMap<UserInfo, About<T>>()

  /** In the order they are asked. */
  constructor(ways: readonly T[]) {
    this.#ways = ways
  }

  find(user: UserInfo, info: RequestInfo): T | undefined {
    const { rules, found } = this.#about(user)
    const sort = sortOf(info)
    if (found.has(sort)) return found.get(sort)
    const way = rules.find((one) => one.rules.some((rule) => matches(rule, info)))?.way
    if (sort.length > LONGEST_FOUND) return way
    if (found.size >= MOST_FOUND) found.clear()
    found.set(sort, way)
    return way
  }

  #about(user: UserInfo): About<T> {
    const known = this.#byUser.get(user)
    if (known) return known
    const rules = this.#ways.flatMap((way) => {
      const own = (way.schema.spec?.rules ?? []).filter(({ subjects }) =>
        subjects?.some((subject) => isSubject(subject, user)),
      )
      return own.length > 0 ? [{ way, rules: own }] : []
    })
    const about = { rules, found: new Map<string, T | undefined>() }
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

/** All that rules ask of a request; none of these has a line break but a path, which stands last. */
const sortOf = ({ isResource, verb, group, resource, subresource, namespace, path }: RequestInfo): string =>
  isResource ? ['r', verb, group, resource, subresource, namespace].join('\n') : `p\n${verb}\n${path}`

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
