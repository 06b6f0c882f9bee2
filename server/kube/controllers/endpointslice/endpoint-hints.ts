// Which clients an endpoint is meant for: kube-proxy keeps to it as long as each client has some. Pure.
//
//   trafficDistribution: PreferSameZone (PreferClose)   an endpoint is for its own zone
//   trafficDistribution: PreferSameNode                 … and first of all for its own node
//   annotation service.kubernetes.io/topology-mode: Auto
//       each zone gets endpoints by its part of the cluster's processors: its own first, then of zones that have too
//       many; none at all where a zone's would be overloaded by more than 20 %
//
// Upstream: k8s.io/endpointslice/{trafficdist,topologycache}.

import type { Node, Service } from 'kubernetes-types/core/v1'
import type { Endpoint } from 'kubernetes-types/discovery/v1'
import { quantityOf } from '../../apimachinery/quantity.ts'
import { conditionOf } from '../conditions.ts'

/** `kubernetes-types` is older than hints for nodes. */
export interface Hints {
  forZones?: { name: string }[]
  forNodes?: { name: string }[]
}

export const asksForShares = ({ metadata }: Service) => {
  const { annotations = {} } = metadata ?? {}
  const mode =
    annotations['service.kubernetes.io/topology-aware-hints'] ?? annotations['service.kubernetes.io/topology-mode']
  return mode === 'Auto' || mode === 'auto'
}

const CLOSE = new Set(['PreferClose', 'PreferSameZone', 'PreferSameNode'])

/** By `trafficDistribution`, for which an endpoint says enough itself. */
export function ownHints({ spec }: Service, { conditions, zone, nodeName }: Endpoint): Hints | undefined {
  const wish = spec?.trafficDistribution ?? ''
  if (!CLOSE.has(wish) || !conditions?.ready) return undefined
  const forNode = wish === 'PreferSameNode' ? nodeName : undefined
  if (!zone && !forNode) return undefined
  return { ...(zone ? { forZones: [{ name: zone }] } : {}), ...(forNode ? { forNodes: [{ name: forNode }] } : {}) }
}

const CONTROL_PLANE = ['node-role.kubernetes.io/control-plane', 'node-role.kubernetes.io/master']

/** What of a node the shares of zones are counted from; undefined when it does not count. */
export function capacityOf({ metadata, status }: Node): { zone: string; cpu: number } | undefined {
  const { labels = {} } = metadata ?? {}
  if (CONTROL_PLANE.some((label) => label in labels)) return undefined
  if (conditionOf(status?.conditions, 'Ready')?.status !== 'True') return undefined
  return { zone: labels['topology.kubernetes.io/zone'] ?? '', cpu: quantityOf(status?.allocatable?.cpu).number }
}

/** Each zone's part of the cluster's processors; undefined when a node does not say, or all are in one zone. */
export function zoneShares(nodes: Iterable<Node>): ReadonlyMap<string, number> | undefined {
  const cpus = new Map<string, number>()
  let total = 0
  for (const node of nodes) {
    const capacity = capacityOf(node)
    if (!capacity) continue
    if (!capacity.zone || !capacity.cpu) return undefined
    total += capacity.cpu
    cpus.set(capacity.zone, (cpus.get(capacity.zone) ?? 0) + capacity.cpu)
  }
  return cpus.size < 2 ? undefined : new Map([...cpus].map(([zone, cpu]) => [zone, cpu / total]))
}

const OVERLOAD = 0.2

/** The zone that each ready endpoint is for, or why there are no hints. */
export function sharedZones(
  endpoints: readonly Endpoint[],
  shares: ReadonlyMap<string, number> | undefined,
): Map<Endpoint, string> | string {
  if (!shares) return 'Insufficient Node information: allocatable CPU or zone not specified on one or more nodes'
  const ready = endpoints.filter(({ conditions }) => conditions?.ready)
  const counted = `(${ready.length} endpoints, ${shares.size} zones)`
  if (shares.size > ready.length) return `Insufficient number of endpoints ${counted}`
  const wanted = new Map<string, number>()
  let least = 0
  for (const [zone, share] of shares) {
    const exact = share * ready.length
    const minimum = Math.ceil(exact / (1 + OVERLOAD))
    least += minimum
    wanted.set(zone, Math.max(exact, minimum))
  }
  if (least > ready.length) {
    return `Unable to allocate minimum required endpoints to each zone without exceeding overload threshold ${counted}`
  }
  const zones = new Map<Endpoint, string>()
  for (const endpoint of ready) {
    if (!endpoint.zone) return 'One or more endpoints do not have a zone specified'
    zones.set(endpoint, endpoint.zone)
  }
  for (const [from, to] of movesBetween(wanted, zones.values())) {
    const moved = ready.find((endpoint) => endpoint.zone === from && zones.get(endpoint) === from)
    if (moved) zones.set(moved, to)
  }
  return zones
}

/** From whoever has most too many to whoever has most too few, while it brings one of them nearer to what it should have. */
function movesBetween(wanted: ReadonlyMap<string, number>, given: Iterable<string>): [from: string, to: string][] {
  const surplus = new Map([...wanted].map(([zone, count]) => [zone, -count]))
  for (const zone of given) if (surplus.has(zone)) surplus.set(zone, (surplus.get(zone) ?? 0) + 1)
  const moves: [string, string][] = []
  for (;;) {
    const sorted = [...surplus].sort(([, a], [, b]) => b - a)
    const [from, tooMany] = sorted[0] ?? ['', 0]
    const [to, left] = sorted.at(-1) ?? ['', 0]
    const tooFew = -left
    if (Math.max(tooMany, tooFew) < 1 || Math.min(tooMany, tooFew) < 0.5) return moves
    moves.push([from, to])
    surplus.set(from, tooMany - 1)
    surplus.set(to, left + 1)
  }
}
