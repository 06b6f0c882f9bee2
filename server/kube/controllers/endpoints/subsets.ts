// The addresses and ports behind a Service, as Endpoints write them. Pure.
// Upstream: kubernetes/pkg/controller/endpoint/endpoints_controller.go, api/v1/endpoints/util.go.

import type { EndpointAddress, EndpointPort, EndpointSubset, Pod, Service } from 'kubernetes-types/core/v1'
import { isReady } from '../pod-state.ts'
import { repackSubsets } from '../repack-subsets.ts'
import { addressIn, familiesOf, hostnameUnder, mayBeEndpoint, podReference, targetPortIn } from '../service-pods.ts'

const MAX_ADDRESSES = 1000

type Which = 'addresses' | 'notReadyAddresses'

export function subsetsFor(service: Service, pods: readonly Pod[]): { subsets: EndpointSubset[]; truncated: boolean } {
  const { ports = [], publishNotReadyAddresses = false } = service.spec ?? {}
  const offered: EndpointSubset[] = []
  const [family = 'IPv4'] = familiesOf(service)
  for (const pod of pods) {
    const ip = addressIn(pod, family)
    const isLeaving = pod.metadata?.deletionTimestamp !== undefined
    if (!ip || !mayBeEndpoint(pod) || (isLeaving && !publishNotReadyAddresses)) continue
    const podPorts = ports.flatMap((port): EndpointPort[] => {
      const number = targetPortIn(pod, port)
      if (number === undefined) return []
      const { name, protocol = 'TCP', appProtocol } = port
      return [{ ...(name ? { name } : {}), port: number, protocol, ...(appProtocol ? { appProtocol } : {}) }]
    })
    // A headless Service may have no ports at all; otherwise an address without a port is of no use.
    if (ports.length > 0 && podPorts.length === 0) continue
    const addresses = [addressOf(service, pod, ip)]
    const isTold = publishNotReadyAddresses || isReady(pod)
    offered.push({ ...(isTold ? { addresses } : { notReadyAddresses: addresses }), ports: podPorts })
  }
  return truncated(repackSubsets(offered))
}

/** Those that are ready come first; each subset keeps its part. */
function truncated(subsets: EndpointSubset[]): { subsets: EndpointSubset[]; truncated: boolean } {
  const count = (which: Which) => subsets.reduce((sum, subset) => sum + (subset[which]?.length ?? 0), 0)
  const ready = count('addresses')
  if (ready + count('notReadyAddresses') <= MAX_ADDRESSES) return { subsets, truncated: false }
  const which = ready > MAX_ADDRESSES ? 'addresses' : 'notReadyAddresses'
  const total = count(which)
  const room = which === 'addresses' ? MAX_ADDRESSES : MAX_ADDRESSES - ready
  let left = room
  const kept = subsets.map(({ notReadyAddresses, ...subset }): EndpointSubset => {
    const all = (which === 'addresses' ? subset.addresses : notReadyAddresses) ?? []
    const part = all.slice(0, Math.min(left, Math.ceil((all.length / total) * room)))
    left -= part.length
    return { ...subset, ...(part.length > 0 ? { [which]: part } : {}) }
  })
  return { subsets: kept, truncated: true }
}

function addressOf(service: Service, pod: Pod, ip: string): EndpointAddress {
  const hostname = hostnameUnder(service, pod)
  const { nodeName } = pod.spec ?? {}
  return {
    ip,
    ...(hostname ? { hostname } : {}),
    ...(nodeName ? { nodeName } : {}),
    targetRef: podReference(pod),
  }
}
