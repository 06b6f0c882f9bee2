// What an HTTPRoute asks for, match by match, and who answers it.

import { keyOf } from '../apimachinery/object-meta.ts'
import { backendOf, type ClusterParts } from './cluster-parts.ts'
import type { BackendRef, HttpRouteObject, ReferenceGrantObject, RouteMatch } from './gateway-kinds.ts'
import { isGranted } from './reference-grants.ts'
import { changesOf, unsupportedFilter } from './route-filters.ts'
import type { Backend, Condition, Rule } from './site.ts'

export interface Match {
  path: string
  isExact: boolean
  rule: Rule
  /** Of two that are equally precise the older route's goes first, then the one that stands first. */
  age: string
}

export interface RouteReading {
  matches: Match[]
  /** The first reference that leads nowhere. */
  problem?: { reason: 'InvalidKind' | 'RefNotPermitted' | 'BackendNotFound'; message: string }
}

export interface RouteParts extends ClusterParts {
  grants: readonly ReferenceGrantObject[]
}

export function matchesOf(parts: RouteParts, route: HttpRouteObject): RouteReading {
  const reading: RouteReading = { matches: [] }
  const born = `${route.metadata?.creationTimestamp} ${keyOf(route)}`
  for (const [at, rule] of (route.spec.rules ?? []).entries()) {
    const split = (rule.backendRefs ?? []).map((ref) => ({
      weight: ref.weight ?? 1,
      backend: backendOfRef(parts, route, ref, reading),
    }))
    for (const [index, match] of (rule.matches ?? [{}]).entries()) {
      const { type = 'PathPrefix', value = '/' } = match.path ?? {}
      const changes = changesOf(rule.filters ?? [], value, (ref) => backendOfRef(parts, route, ref, reading))
      const age = `${born} ${String(at).padStart(4, '0')} ${String(index).padStart(4, '0')}`
      reading.matches.push({
        path: value,
        isExact: type === 'Exact',
        rule: { conditions: conditionsOf(match), split, ...(changes && { changes }) },
        age,
      })
    }
  }
  return reading
}

/** What this door cannot do is refused, rather than left out. */
export function unsupported({ spec }: HttpRouteObject): string | undefined {
  for (const rule of spec.rules ?? []) {
    const filter = unsupportedFilter(rule)
    if (filter) return filter
    for (const { path, headers = [], queryParams = [] } of rule.matches ?? []) {
      if (path?.type === 'RegularExpression') return 'paths are not matched by regular expressions'
      const odd = [...headers, ...queryParams].find(({ type }) => (type ?? 'Exact') !== 'Exact')
      if (odd) return `${odd.name} is not matched by regular expressions`
      const header = headers.find(({ name }) => !/^[A-Za-z0-9-]+$/.test(name))
      if (header) return `the header ${header.name} cannot be matched: letters, digits and "-" only`
      const parameter = queryParams.find(({ name }) => !/^\w+$/.test(name))
      if (parameter) return `the parameter ${parameter.name} cannot be matched: letters, digits and "_" only`
    }
  }
  return undefined
}

const conditionsOf = ({ method, headers = [], queryParams = [] }: RouteMatch): Condition[] => [
  ...(method ? [{ of: 'method', name: '', value: method } as const] : []),
  ...headers.map(({ name, value }) => ({ of: 'header', name, value }) as const),
  ...queryParams.map(({ name, value }) => ({ of: 'query', name, value }) as const),
]

function backendOfRef(
  parts: RouteParts,
  route: HttpRouteObject,
  { group = '', kind = 'Service', namespace, name, port = 0 }: BackendRef,
  reading: RouteReading,
): Backend {
  const own = route.metadata?.namespace ?? ''
  const there = namespace ?? own
  const nowhere = (reason: NonNullable<RouteReading['problem']>['reason'], message: string): Backend => {
    reading.problem ??= { reason, message }
    return { name: `${there}.${name}.${port}.nowhere`, addresses: [], isInvalid: true }
  }
  if (group !== '' || kind !== 'Service') return nowhere('InvalidKind', `a backend is a Service, not a ${kind}`)
  if (!isGranted(parts.grants, { kind: 'HTTPRoute', namespace: own }, { kind: 'Service', namespace: there, name })) {
    return nowhere('RefNotPermitted', `no ReferenceGrant permits Service "${there}/${name}" of another namespace`)
  }
  const problems: string[] = []
  const backend = backendOf(parts, `${there}/${name}`, { number: port }, (problem) => problems.push(problem))
  return problems[0] ? nowhere('BackendNotFound', problems[0]) : backend
}
