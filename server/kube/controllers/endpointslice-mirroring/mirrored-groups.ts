// What an Endpoints object says, as slices say it. Pure. Upstream: kubernetes/pkg/controller/endpointslicemirroring.

import type { EndpointAddress, EndpointSubset } from 'kubernetes-types/core/v1'
import type { Endpoint } from 'kubernetes-types/discovery/v1'
import { canonicalAddress, isIP } from '../../apimachinery/ip-rules.ts'
import { type EndpointGroup, familyOf, groupKey } from '../plan-slices.ts'
import { repackSubsets } from '../repack-subsets.ts'

/** And in a slice. */
export const MAX_PER_SUBSET = 1000

export interface Mirrored {
  groups: Map<string, EndpointGroup>
  /** Left out: no addresses, and those that are too many. */
  invalid: number
  excess: number
}

export function mirroredGroups(subsets: readonly EndpointSubset[]): Mirrored {
  const mirrored: Mirrored = { groups: new Map(), invalid: 0, excess: 0 }
  for (const { addresses = [], notReadyAddresses = [], ports = [] } of repackSubsets(subsets)) {
    const told = [
      ...addresses.map((address) => endpointOf(address, true)),
      ...notReadyAddresses.map((address) => endpointOf(address, false)),
    ]
    const valid = told.filter(({ addresses: [ip = ''] }) => isIP(ip) !== 0)
    mirrored.invalid += told.length - valid.length
    mirrored.excess += Math.max(0, valid.length - MAX_PER_SUBSET)
    const slicePorts = ports.map(({ name = '', port, protocol = 'TCP', appProtocol }) => ({
      name,
      port,
      protocol,
      ...(appProtocol ? { appProtocol } : {}),
    }))
    for (const endpoint of valid.slice(0, MAX_PER_SUBSET)) {
      const addressType = familyOf(endpoint.addresses[0] ?? '')
      const key = groupKey(addressType, slicePorts)
      const group = mirrored.groups.get(key) ?? { addressType, ports: slicePorts, endpoints: [] }
      mirrored.groups.set(key, group)
      group.endpoints.push(endpoint)
    }
  }
  return mirrored
}

function endpointOf({ ip, hostname, nodeName, targetRef }: EndpointAddress, ready: boolean): Endpoint {
  return {
    addresses: [canonicalAddress(ip)],
    conditions: { ready },
    ...(hostname ? { hostname } : {}),
    ...(nodeName ? { nodeName } : {}),
    ...(targetRef ? { targetRef } : {}),
  }
}
