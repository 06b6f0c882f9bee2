// The addresses and ports behind a Service, as Endpoints write them. Pure.
// Upstream: kubernetes/pkg/controller/endpoint/endpoints_controller.go, api/v1/endpoints/util.go.

import type { EndpointAddress, EndpointPort, EndpointSubset, Pod, Service } from 'kubernetes-types/core/v1'
import { isReady } from '../pod-state.ts'
import { hostnameUnder, mayBeEndpoint, podReference, targetPortIn } from '../service-pods.ts'

const MAX_ADDRESSES = 1000

interface Group {
  ports: EndpointPort[]
  ready: EndpointAddress[]
  notReady: EndpointAddress[]
}

export function subsetsFor(service: Service, pods: readonly Pod[]): { subsets: EndpointSubset[]; truncated: boolean } {
  const { ports = [], publishNotReadyAddresses = false } = service.spec ?? {}
  // Pods with the same ports behind the Service share a subset.
  const groups = new Map<string, Group>()
  const eligible = pods.filter(
    (pod) => mayBeEndpoint(pod) && (publishNotReadyAddresses || !pod.metadata?.deletionTimestamp),
  )
  for (const pod of eligible) {
    const podPorts = ports.flatMap((port): EndpointPort[] => {
      const number = targetPortIn(pod, port)
      if (number === undefined) return []
      const { name, protocol = 'TCP', appProtocol } = port
      return [{ ...(name ? { name } : {}), port: number, protocol, ...(appProtocol ? { appProtocol } : {}) }]
    })
    // A headless Service may have no ports at all; otherwise an address without a port is of no use.
    if (ports.length > 0 && podPorts.length === 0) continue
    const key = JSON.stringify(podPorts)
    const group = groups.get(key) ?? { ports: podPorts, ready: [], notReady: [] }
    groups.set(key, group)
    const list = publishNotReadyAddresses || isReady(pod) ? group.ready : group.notReady
    list.push(addressOf(service, pod))
  }
  let left = MAX_ADDRESSES
  const take = (addresses: EndpointAddress[]) => {
    const taken = addresses.sort(byIp).slice(0, left)
    left -= taken.length
    return taken
  }
  const ordered = [...groups].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, group]) => group)
  const ready = ordered.map((group) => take(group.ready))
  const notReady = ordered.map((group) => take(group.notReady))
  const subsets = ordered.map(
    (group, index): EndpointSubset => ({
      ...(ready[index]?.length ? { addresses: ready[index] } : {}),
      ...(notReady[index]?.length ? { notReadyAddresses: notReady[index] } : {}),
      ...(group.ports.length > 0 ? { ports: group.ports } : {}),
    }),
  )
  return { subsets, truncated: eligible.length > MAX_ADDRESSES }
}

function addressOf(service: Service, pod: Pod): EndpointAddress {
  const hostname = hostnameUnder(service, pod)
  const { nodeName } = pod.spec ?? {}
  return {
    ip: pod.status?.podIP ?? '',
    ...(hostname ? { hostname } : {}),
    ...(nodeName ? { nodeName } : {}),
    targetRef: podReference(pod),
  }
}

const byIp = (a: EndpointAddress, b: EndpointAddress) => (a.ip < b.ip ? -1 : a.ip > b.ip ? 1 : 0)
