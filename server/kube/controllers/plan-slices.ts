// How to get from the slices that are there to the endpoints that should be, writing as little as possible:
// every slice written goes to every node. Pure.
//
//   1. in each slice, endpoints that stay are brought up to date and those that left are taken out
//   2. new endpoints fill slices that must be written anyway
//   3. what is left over goes into one other slice that has room for all of it, or makes new ones
//   4. a slice that is no longer needed becomes a new one, so that its name stays
//
// Upstream: k8s.io/endpointslice/reconciler.go (reconcileByPortMapping, finalize).

import type { Endpoint, EndpointPort, EndpointSlice } from 'kubernetes-types/discovery/v1'
import { deepEqual } from '../apimachinery/deep.ts'

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
  create: Filling[]
  update: (Filling & { slice: EndpointSlice })[]
  remove: EndpointSlice[]
}

interface Filling {
  group: EndpointGroup
  endpoints: Endpoint[]
}

interface Draft {
  slice: EndpointSlice
  endpoints: Endpoint[]
  changed: boolean
}

export interface SliceRules {
  /** Endpoints in a slice. */
  most: number
  /** One that is to be written even if its endpoints stay. */
  isOutdated(slice: EndpointSlice): boolean
}

const identity = (endpoint: Endpoint) => `${endpoint.targetRef?.uid ?? ''} ${endpoint.addresses[0] ?? ''}`

export function planSlices(
  wanted: ReadonlyMap<string, EndpointGroup>,
  existing: readonly EndpointSlice[],
  rules: SliceRules,
): SlicePlan {
  const plan: SlicePlan = { create: [], update: [], remove: [] }
  const byGroup = Map.groupBy(existing, (slice) => groupKey(slice.addressType, slice.ports))
  for (const [key, slices] of byGroup) if (!wanted.has(key)) plan.remove.push(...slices)
  for (const [key, group] of wanted) planGroup(plan, group, byGroup.get(key) ?? [], rules)
  return reuse(plan)
}

function planGroup(
  plan: SlicePlan,
  group: EndpointGroup,
  slices: readonly EndpointSlice[],
  { most, isOutdated }: SliceRules,
): void {
  const left = new Map(group.endpoints.map((endpoint) => [identity(endpoint), endpoint]))
  const drafts = slices.map((slice): Draft => {
    const endpoints: Endpoint[] = []
    let changed = isOutdated(slice)
    // Whoever writes an empty list in protobuf writes none.
    for (const current of slice.endpoints ?? []) {
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
  // A group that is meant to be empty keeps one slice, which says so.
  const kept =
    group.endpoints.length === 0 ? drafts.slice(0, 1) : drafts.filter(({ endpoints }) => endpoints.length > 0)
  if (group.endpoints.length === 0 && kept.length === 0) plan.create.push({ group, endpoints: [] })
  const fresh = [...left.values()]
  const fill = (draft: Draft) => draft.endpoints.push(...fresh.splice(0, most - draft.endpoints.length))
  // The fullest first, so that few stay half empty.
  const fullestFirst = kept.toSorted((a, b) => b.endpoints.length - a.endpoints.length)
  for (const draft of fullestFirst) if (draft.changed) fill(draft)
  // New ones are made full; what is then left over may have room in one that is there.
  while (fresh.length > 0) {
    const roomy = fullestFirst.find(({ changed, endpoints }) => !changed && endpoints.length + fresh.length <= most)
    if (roomy) {
      fill(roomy)
      roomy.changed = true
    } else plan.create.push({ group, endpoints: fresh.splice(0, most) })
  }
  for (const draft of drafts) {
    if (!kept.includes(draft)) plan.remove.push(draft.slice)
    else if (draft.changed) plan.update.push({ slice: draft.slice, group, endpoints: draft.endpoints })
  }
}

function reuse({ create, update, remove }: SlicePlan): SlicePlan {
  const unused = [...remove]
  const left = create.filter((filling) => {
    const at = unused.findIndex(({ addressType }) => addressType === filling.group.addressType)
    const [slice] = at < 0 ? [] : unused.splice(at, 1)
    if (slice) update.push({ ...filling, slice })
    return !slice
  })
  return { create: left, update, remove: unused }
}
