// What kube-proxy knows: each port of each Service with the endpoints that may get its traffic. Pure.
// Upstream: pkg/proxy/{servicechangetracker,endpointslicecache,topology}.go.

import type { Service } from 'kubernetes-types/core/v1'
import type { EndpointSlice } from 'kubernetes-types/discovery/v1'

export interface ServicePort {
  /** `default/web:http`, or `default/web` for a port without a name. */
  name: string
  protocol: 'tcp' | 'udp' | 'sctp'
  clusterIP: string
  port: number
  nodePort: number
  /** Load balancer and external addresses. */
  externalIPs: string[]
  affinitySeconds: number
  internalLocal: boolean
  externalLocal: boolean
  endpoints: Endpoint[]
}

export interface Endpoint {
  ip: string
  port: number
  isLocal: boolean
}

interface Candidate extends Endpoint {
  ready: boolean
  serving: boolean
  terminating: boolean
}

export function servicePortsOf(
  services: readonly Service[],
  slices: readonly EndpointSlice[],
  nodeName: string,
): ServicePort[] {
  const byService = new Map<string, EndpointSlice[]>()
  for (const slice of slices) {
    const name = slice.metadata?.labels?.['kubernetes.io/service-name']
    if (!name || slice.addressType !== 'IPv4') continue
    const key = `${slice.metadata?.namespace}/${name}`
    byService.set(key, [...(byService.get(key) ?? []), slice])
  }
  return services
    .flatMap((service) => portsOf(service, byService.get(keyOf(service)) ?? [], nodeName))
    .sort((a, b) => (a.name < b.name ? -1 : a.name > b.name ? 1 : 0))
}

const keyOf = ({ metadata }: Service) => `${metadata?.namespace}/${metadata?.name}`

function portsOf(service: Service, slices: EndpointSlice[], nodeName: string): ServicePort[] {
  const { spec = {}, status } = service
  const { clusterIP } = spec
  if (!clusterIP || clusterIP === 'None' || spec.type === 'ExternalName') return []
  const external = spec.type === 'NodePort' || spec.type === 'LoadBalancer'
  const ingress = status?.loadBalancer?.ingress ?? []
  return (spec.ports ?? []).map((port) => ({
    name: port.name ? `${keyOf(service)}:${port.name}` : keyOf(service),
    protocol: (port.protocol ?? 'TCP').toLowerCase() as ServicePort['protocol'],
    clusterIP,
    port: port.port,
    nodePort: external ? (port.nodePort ?? 0) : 0,
    externalIPs: [...(spec.externalIPs ?? []), ...ingress.flatMap(({ ip }) => (ip ? [ip] : []))],
    affinitySeconds:
      spec.sessionAffinity === 'ClientIP' ? (spec.sessionAffinityConfig?.clientIP?.timeoutSeconds ?? 10_800) : 0,
    internalLocal: spec.internalTrafficPolicy === 'Local',
    externalLocal: external && spec.externalTrafficPolicy === 'Local',
    endpoints: chosen(endpointsOf(slices, port.name ?? '', nodeName)),
  }))
}

function endpointsOf(slices: EndpointSlice[], portName: string, nodeName: string): Candidate[] {
  const found = new Map<string, Candidate>()
  for (const slice of slices) {
    const port = slice.ports?.find(({ name }) => (name ?? '') === portName)?.port
    if (port === undefined) continue
    for (const { addresses, conditions, nodeName: node } of slice.endpoints) {
      const ip = addresses[0]
      if (!ip) continue
      const ready = conditions?.ready !== false
      found.set(`${ip}:${port}`, {
        ip,
        port,
        isLocal: node === nodeName,
        ready,
        serving: conditions?.serving ?? ready,
        terminating: conditions?.terminating ?? false,
      })
    }
  }
  return [...found.values()].sort((a, b) => (`${a.ip}:${a.port}` < `${b.ip}:${b.port}` ? -1 : 1))
}

/** Ready ones; when there are none, those that are on their way out but still answer. */
function chosen(all: Candidate[]): Endpoint[] {
  const ready = all.filter((one) => one.ready)
  const last = ready.length > 0 ? ready : all.filter((one) => one.serving && one.terminating)
  return last.map(({ ip, port, isLocal }) => ({ ip, port, isLocal }))
}
