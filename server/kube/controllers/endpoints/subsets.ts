// The addresses and ports behind a Service, as Endpoints write them. Pure.
// Upstream: kubernetes/pkg/controller/endpoint/endpoints_controller.go, api/v1/endpoints/util.go.

import type { EndpointAddress, EndpointPort, EndpointSubset, Pod, Service } from 'kubernetes-types/core/v1'
import { isReady } from '../pod-state.ts'
import { addressIn, familiesOf, hostnameUnder, mayBeEndpoint, podReference, targetPortIn } from '../service-pods.ts'

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
    const key = JSON.stringify(podPorts)
    const group = groups.get(key) ?? { ports: podPorts, ready: [], notReady: [] }
    groups.set(key, group)
    const list = publishNotReadyAddresses || isReady(pod) ? group.ready : group.notReady
    list.push(addressOf(service, pod, ip))
  }
  const ordered = [...groups].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, group]) => group)
  for (const { ready, notReady } of ordered) {
    ready.sort(byIp)
    notReady.sort(byIp)
  }
  const truncated = truncate(ordered)
  const subsets = ordered.map(
    ({ ports, ready, notReady }): EndpointSubset => ({
      ...(ready.length > 0 ? { addresses: ready } : {}),
      ...(notReady.length > 0 ? { notReadyAddresses: notReady } : {}),
      ...(ports.length > 0 ? { ports } : {}),
    }),
  )
  return { subsets, truncated }
}

/** Those that are ready come first; each subset keeps its part. */
function truncate(groups: readonly Group[]): boolean {
  const count = (which: 'ready' | 'notReady') => groups.reduce((sum, group) => sum + group[which].length, 0)
  const ready = count('ready')
  if (ready + count('notReady') <= MAX_ADDRESSES) return false
  const which = ready > MAX_ADDRESSES ? 'ready' : 'notReady'
  const total = count(which)
  const room = which === 'ready' ? MAX_ADDRESSES : MAX_ADDRESSES - ready
  let left = room
  for (const group of groups) {
    group[which].splice(Math.min(left, Math.ceil((group[which].length / total) * room)))
    left -= group[which].length
    if (which === 'ready') group.notReady = []
  }
  return true
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

const byIp = (a: EndpointAddress, b: EndpointAddress) => (a.ip < b.ip ? -1 : a.ip > b.ip ? 1 : 0)
