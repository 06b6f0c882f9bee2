// What kube-proxy knows: each port of each Service, seen from one node and in one address family, with the endpoints that
// may get its traffic. Pure. Upstream: pkg/proxy/{serviceport,endpointslicecache}.go.

import { isIP } from 'node:net'
import type { ServicePort as CoreServicePort, Service } from 'kubernetes-types/core/v1'
import type { EndpointSlice, Endpoint as WireEndpoint } from 'kubernetes-types/discovery/v1'
import { parseCidr } from '../apimachinery/ip-rules.ts'
import { chooseEndpoints, type Endpoint, type KnownEndpoint } from './choose-endpoints.ts'

/** `forNodes` is younger than the package of types. */
type HintedEndpoint = WireEndpoint & { hints?: { forNodes?: readonly { name: string }[] } }

export type Family = 'IPv4' | 'IPv6'

export interface ServicePort {
  namespace: string
  service: string
  /** Empty for a port without a name. */
  portName: string
  /** `default/web:http`, or `default/web` for a port without a name. */
  name: string
  protocol: 'tcp' | 'udp' | 'sctp'
  clusterIP: string
  port: number
  /** 0 where there is none. */
  nodePort: number
  externalIPs: string[]
  /** Addresses that a load balancer leads to the nodes without changing them. */
  loadBalancerIPs: string[]
  loadBalancerSourceRanges: string[]
  /** 0 where there is none. */
  healthCheckNodePort: number
  /** 0 where clients are not remembered. */
  affinitySeconds: number
  internalLocal: boolean
  externalLocal: boolean
  /** For traffic that any node may answer; empty where a policy keeps all of it on the node. */
  cluster: Endpoint[]
  /** For traffic that is kept on this node. */
  local: Endpoint[]
  /** Whether any node could answer. */
  hasEndpoints: boolean
  /** All that still answer, chosen here or not: what is under way to them goes on. */
  serving: string[]
  /** Ready ones of this node: what a load balancer asks for. */
  localReady: number
}

/** Whose eyes these are. */
export interface Viewpoint {
  nodeName: string
  /** `topology.kubernetes.io/zone` of the node. */
  zone: string
  family: Family
}

export const familyOf = (address: string): Family => (isIP(address) === 6 ? 'IPv6' : 'IPv4')

export const isExternal = ({ nodePort, externalIPs, loadBalancerIPs }: ServicePort) =>
  nodePort > 0 || externalIPs.length > 0 || loadBalancerIPs.length > 0

/** The ports of one Service; none where it has no address of the family. `slices` are those of the Service. */
export function portsOf(service: Service, slices: readonly EndpointSlice[], from: Viewpoint): ServicePort[] {
  const { spec = {}, metadata } = service
  const addresses = spec.clusterIPs?.length ? spec.clusterIPs : [spec.clusterIP ?? '']
  const clusterIP = addresses.find((address) => isIP(address) > 0 && familyOf(address) === from.family)
  if (!clusterIP || spec.type === 'ExternalName') return []
  const { namespace = '', name = '' } = metadata ?? {}
  const external = spec.type === 'NodePort' || spec.type === 'LoadBalancer'
  const ofFamily = (list: readonly string[] = []) => list.filter((address) => familyOf(address) === from.family)
  const common = {
    namespace,
    service: name,
    clusterIP,
    externalIPs: ofFamily(spec.externalIPs),
    loadBalancerIPs: ofFamily(vips(service)),
    loadBalancerSourceRanges: rangesOf(spec.loadBalancerSourceRanges, from.family),
    healthCheckNodePort:
      spec.type === 'LoadBalancer' && spec.externalTrafficPolicy === 'Local' ? (spec.healthCheckNodePort ?? 0) : 0,
    affinitySeconds:
      spec.sessionAffinity === 'ClientIP' ? (spec.sessionAffinityConfig?.clientIP?.timeoutSeconds ?? 10_800) : 0,
    internalLocal: spec.internalTrafficPolicy === 'Local',
    externalLocal: (external || (spec.externalIPs?.length ?? 0) > 0) && spec.externalTrafficPolicy === 'Local',
  }
  return (spec.ports ?? []).map((port) => {
    const endpoints = endpointsOf(slices, port, from)
    const told = {
      ...common,
      portName: port.name ?? '',
      name: `${namespace}/${name}${port.name ? `:${port.name}` : ''}`,
      protocol: (port.protocol ?? 'TCP').toLowerCase() as ServicePort['protocol'],
      port: port.port,
      nodePort: external ? (port.nodePort ?? 0) : 0,
    }
    const reached = { ...told, cluster: [], local: [], hasEndpoints: false, serving: [], localReady: 0 }
    const usesCluster = !told.internalLocal || isExternal(reached)
    const usesLocal = told.internalLocal || (told.externalLocal && isExternal(reached))
    return {
      ...told,
      ...chooseEndpoints(endpoints, { usesCluster, usesLocal, nodeName: from.nodeName, zone: from.zone }),
      serving: endpoints.filter(({ serving }) => serving).map(({ ip }) => ip),
      localReady: endpoints.filter(({ isLocal, ready }) => isLocal && ready).length,
    }
  })
}

/** A load balancer that is a proxy connects to nodes by itself and needs nothing here. */
function vips({ status }: Service): string[] {
  return (status?.loadBalancer?.ingress ?? []).flatMap(({ ip, ipMode }) => (ip && ipMode !== 'Proxy' ? [ip] : []))
}

function rangesOf(ranges: readonly string[] | undefined, family: Family): string[] {
  // Older API servers let blanks pass.
  return (ranges ?? [])
    .map((range) => range.trim())
    .filter((range) => parseCidr(range)?.family === (family === 'IPv4' ? 'ipv4' : 'ipv6'))
}

function endpointsOf(
  slices: readonly EndpointSlice[],
  { name: portName = '', protocol = 'TCP' }: CoreServicePort,
  from: Viewpoint,
): KnownEndpoint[] {
  const found = new Map<string, KnownEndpoint>()
  for (const slice of slices) {
    if (slice.addressType !== from.family) continue
    const port = slice.ports?.find((one) => (one.name ?? '') === portName && (one.protocol ?? 'TCP') === protocol)?.port
    if (port === undefined) continue
    for (const { addresses, conditions, nodeName, hints } of (slice.endpoints ?? []) as readonly HintedEndpoint[]) {
      const ip = addresses[0]
      if (!ip) continue
      const ready = conditions?.ready !== false
      found.set(`${ip}:${port}`, {
        ip,
        port,
        isLocal: nodeName === from.nodeName,
        ready,
        serving: conditions?.serving ?? ready,
        terminating: conditions?.terminating ?? false,
        zoneHints: (hints?.forZones ?? []).map(({ name }) => name),
        nodeHints: (hints?.forNodes ?? []).map(({ name }) => name),
      })
    }
  }
  return [...found].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, endpoint]) => endpoint)
}
