// How to get from the slices that are there to the endpoints that should be, writing as little as possible:
// every slice written goes to every node. Pure.
//
//   1. in each slice, endpoints that stay are brought up to date and those that left are taken out
//   2. new endpoints fill slices that must be written anyway, then others that have room
//   3. what is left over makes new slices, of at most 100 endpoints
//
// Upstream: k8s.io/endpointslice/reconciler.go (reconcileByPortMapping).

import type { Endpoint, EndpointPort, EndpointSlice } from 'kubernetes-types/discovery/v1'
import { deepEqual } from '../apimachinery/deep.ts'

const MAX_ENDPOINTS = 100

export type AddressType = 'IPv4' | 'IPv6'

/** What can share a slice: one family of addresses, at the same ports. */
export interface EndpointGroup {
  addressType: AddressType
  ports: EndpointPort[]
  endpoints: Endpoint[]
}

export const groupKey = (addressType: string, ports: readonly EndpointPort[] | undefined) =>
  `${addressType} ${JSON.stringify((ports ?? []).map(({ name, port, protocol, appProtocol }) => [name ?? '', port, protocol ?? 'TCP', appProtocol ?? '']))}`

export const familyOf = (ip: string): AddressType => (ip.includes(':') ? 'IPv6' : 'IPv4')

export interface SlicePlan {
  create: { group: EndpointGroup; endpoints: Endpoint[] }[]
  update: { slice: EndpointSlice; endpoints: Endpoint[] }[]
  remove: EndpointSlice[]
}

interface Draft {
  slice: EndpointSlice
  endpoints: Endpoint[]
  changed: boolean
}

const identity = (endpoint: Endpoint) => `${endpoint.targetRef?.uid ?? ''} ${endpoint.addresses[0] ?? ''}`

export function planSlices(
  wanted: ReadonlyMap<string, EndpointGroup>,
  existing: readonly EndpointSlice[],
  isOutdated: (slice: EndpointSlice) => boolean,
): SlicePlan {
  const plan: SlicePlan = { create: [], update: [], remove: [] }
  const byGroup = Map.groupBy(existing, (slice) => groupKey(slice.addressType, slice.ports))
  for (const [key, slices] of byGroup) if (!wanted.has(key)) plan.remove.push(...slices)
  for (const [key, group] of wanted) planGroup(plan, group, byGroup.get(key) ?? [], isOutdated)
  return plan
}

function planGroup(
  plan: SlicePlan,
  group: EndpointGroup,
  slices: readonly EndpointSlice[],
  isOutdated: (slice: EndpointSlice) => boolean,
): void {
  const left = new Map(group.endpoints.map((endpoint) => [identity(endpoint), endpoint]))
  const drafts = slices.map((slice): Draft => {
    const endpoints: Endpoint[] = []
    let changed = isOutdated(slice)
    for (const current of slice.endpoints) {
      const next = left.get(identity(current))
      // Gone, or held by an earlier slice too.
      if (!next) {
        changed = true
        continue
      }
      left.delete(identity(current))
      if (!deepEqual(current, next)) changed = true
      endpoints.push(next)
    }
    return { slice, endpoints, changed }
  })
  // Those to be written anyway first, and of those the fullest, so that few stay half empty.
  const roomy = drafts
    .filter(({ endpoints }) => endpoints.length > 0 && endpoints.length < MAX_ENDPOINTS)
    .sort((a, b) => Number(b.changed) - Number(a.changed) || b.endpoints.length - a.endpoints.length)
  const fresh = [...left.values()]
  // A slice that has lost all its endpoints may as well take the new ones.
  for (const draft of [...roomy, ...drafts.filter(({ endpoints }) => endpoints.length === 0)]) {
    if (fresh.length === 0) break
    draft.endpoints.push(...fresh.splice(0, MAX_ENDPOINTS - draft.endpoints.length))
    draft.changed = true
  }
  // A group that is meant to be empty keeps one slice, which says so.
  let mayBeEmpty = group.endpoints.length === 0
  if (mayBeEmpty && drafts.length === 0) plan.create.push({ group, endpoints: [] })
  for (const { slice, endpoints, changed } of drafts) {
    if (endpoints.length === 0 && !mayBeEmpty) plan.remove.push(slice)
    else if (changed) plan.update.push({ slice, endpoints })
    if (endpoints.length === 0) mayBeEmpty = false
  }
  while (fresh.length > 0) plan.create.push({ group, endpoints: fresh.splice(0, MAX_ENDPOINTS) })
}
