// The doors by which a cluster is entered from outside, read from its objects: what somebody in the learner's network would
// type into a browser. A Service that is only for the inside has none, as in any cluster.

import type { Node, Service } from 'kubernetes-types/core/v1'
import type { Ingress } from 'kubernetes-types/networking/v1'

export interface Door {
  kind: 'LoadBalancer' | 'NodePort' | 'Ingress' | 'Gateway'
  namespace: string
  name: string
  /** As it is typed, without a path: `http://shop.example`. */
  url: string
  /** Where that is in the learner's network. */
  host: string
  port: number
  tls: boolean
}

/** As Gateway API has them (gateway.networking.k8s.io/v1); only what is read here. */
export interface Gateway {
  metadata?: { namespace?: string; name?: string }
  spec?: { listeners?: { port: number; protocol: string; hostname?: string }[] }
  status?: { addresses?: { type?: string; value?: string }[] }
}
export interface HttpRoute {
  metadata?: { namespace?: string }
  spec?: { parentRefs?: { namespace?: string; name?: string; kind?: string }[]; hostnames?: string[] }
}

export interface Outside {
  services: readonly Service[]
  nodes: readonly Node[]
  ingresses: readonly Ingress[]
  gateways: readonly Gateway[]
  routes: readonly HttpRoute[]
}

export function doorsOf(outside: Outside): Door[] {
  const { services, nodes, ingresses, gateways, routes } = outside
  const doors = [
    ...ingresses.flatMap(doorsOfIngress),
    ...gateways.flatMap((gateway) => doorsOfGateway(gateway, routes)),
    ...services.flatMap(doorsOfLoadBalancer),
    ...services.flatMap((service) => doorsOfNodePorts(service, nodes)),
  ]
  return [...new Map(doors.map((door) => [`${door.kind} ${door.url}`, door])).values()]
}

function doorsOfLoadBalancer({ metadata, spec, status }: Service): Door[] {
  if (spec?.type !== 'LoadBalancer') return []
  const addresses = (status?.loadBalancer?.ingress ?? []).flatMap(({ ip }) => ip ?? [])
  return addresses.flatMap((host) =>
    tcpPorts(spec.ports).map((port) =>
      door('LoadBalancer', metadata, { host, port: port.port, tls: speaksTls(port, port.port) }),
    ),
  )
}

function doorsOfNodePorts({ metadata, spec }: Service, nodes: readonly Node[]): Door[] {
  const host = nodes.map(addressOf).find(Boolean)
  if (!host || spec?.type === 'ClusterIP' || spec?.type === 'ExternalName') return []
  return tcpPorts(spec?.ports).flatMap((port) =>
    port.nodePort ? door('NodePort', metadata, { host, port: port.nodePort, tls: speaksTls(port, port.port) }) : [],
  )
}

function doorsOfIngress({ metadata, spec, status }: Ingress): Door[] {
  const host = (status?.loadBalancer?.ingress ?? []).map(({ ip }) => ip).find(Boolean)
  if (!host) return []
  const withTls = new Set((spec?.tls ?? []).flatMap(({ hosts }) => hosts ?? []))
  const names = (spec?.rules ?? []).map((rule) => rule.host ?? '').filter(isWhole)
  if (spec?.defaultBackend) names.push('')
  return names.map((name) => {
    const tls = withTls.has(name)
    return door('Ingress', metadata, { host, port: tls ? 443 : 80, tls }, name)
  })
}

function doorsOfGateway({ metadata, spec, status }: Gateway, routes: readonly HttpRoute[]): Door[] {
  const host = (status?.addresses ?? []).find(({ type = 'IPAddress' }) => type === 'IPAddress')?.value
  if (!host) return []
  const named = routes
    .filter((route) =>
      route.spec?.parentRefs?.some(
        ({ kind = 'Gateway', namespace = route.metadata?.namespace, name }) =>
          kind === 'Gateway' && name === metadata?.name && namespace === metadata?.namespace,
      ),
    )
    .flatMap((route) => route.spec?.hostnames ?? [''])
  return (spec?.listeners ?? [])
    .filter(({ protocol }) => protocol === 'HTTP' || protocol === 'HTTPS')
    .flatMap(({ port, protocol, hostname = '' }) => {
      const names = named.filter((name) => isWhole(name) && (name === '' || fits(name, hostname)))
      if (names.length === 0 && isWhole(hostname)) names.push(hostname)
      return names.map((name) => door('Gateway', metadata, { host, port, tls: protocol === 'HTTPS' }, name))
    })
}

function door(
  kind: Door['kind'],
  { namespace = '', name = '' }: { namespace?: string; name?: string } = {},
  at: Pick<Door, 'host' | 'port' | 'tls'>,
  hostname = '',
): Door {
  const shown = hostname || (at.host.includes(':') ? `[${at.host}]` : at.host)
  const port = at.port === (at.tls ? 443 : 80) ? '' : `:${at.port}`
  return { kind, namespace, name, url: `${at.tls ? 'https' : 'http'}://${shown}${port}`, ...at }
}

type Port = NonNullable<NonNullable<Service['spec']>['ports']>[number]

const tcpPorts = (ports: readonly Port[] = []) => ports.filter(({ protocol = 'TCP' }) => protocol === 'TCP')

/** Nothing says so for certain; what people write to say it is believed. */
const speaksTls = ({ name, appProtocol }: Port, port: number) =>
  appProtocol === 'https' || name === 'https' || (appProtocol === undefined && port === 443)

const addressOf = ({ status }: Node) => status?.addresses?.find(({ type }) => type === 'InternalIP')?.address

/** A name with a wildcard is no address that can be typed. */
const isWhole = (name: string) => !name.includes('*')

const fits = (name: string, listener: string) =>
  listener === '' || listener === name || (listener.startsWith('*.') && name.endsWith(listener.slice(1)))
