// What a load balancer in front of the nodes listens for: the ports of Services of its class, each led to the node port on
// every node that may be sent traffic. Pure.

import { isIPv6 } from 'node:net'
import type { Node, Service } from 'kubernetes-types/core/v1'
import { keyOf } from '../apimachinery/object-meta.ts'

export type Family = 'IPv4' | 'IPv6'

export interface Listener {
  /** `default.web:80`, by which it is found in HAProxy's own pages. */
  name: string
  port: number
  /** Which it is called by. */
  families: Family[]
  nodePort: number
  servers: { name: string; address: string }[]
  /** Asked of each node whether it has an endpoint; undefined where any node will do. */
  healthCheckPort?: number
  /** The same client gets to the same node. */
  isSticky: boolean
  /** Whom it takes; everybody when empty. */
  sources: string[]
}

export interface Balanced {
  service: Service
  problems: string[]
}

export interface Listeners {
  listeners: Listener[]
  services: Balanced[]
}

/** Of two Services that want one port, the older one has it. */
export function listenersOf(services: readonly Service[], nodes: readonly Node[], className: string): Listeners {
  const senders = nodes.filter(maySend)
  const taken = new Map<number, string>()
  const listeners: Listener[] = []
  const balanced = services
    .filter(({ spec, metadata }) => {
      const isOurs = spec?.type === 'LoadBalancer' && spec.loadBalancerClass === className
      return isOurs && metadata?.deletionTimestamp === undefined
    })
    .sort((a, b) => compare(ageOf(a), ageOf(b)))
    .map((service) => {
      const problems: string[] = []
      for (const { port, nodePort = 0, protocol = 'TCP' } of service.spec?.ports ?? []) {
        const owner = taken.get(port)
        if (protocol !== 'TCP') problems.push(`port ${port} is ${protocol}: HAProxy leads only TCP`)
        else if (owner) problems.push(`port ${port} is taken by Service "${owner}"`)
        else if (nodePort === 0) problems.push(`port ${port} has no node port (allocateLoadBalancerNodePorts is false)`)
        else {
          taken.set(port, keyOf(service))
          const servers = senders.flatMap((node) => serverOf(node, familiesOf(service)[0]))
          listeners.push(listenerOf(service, { port, nodePort, servers }))
        }
      }
      return { service, problems }
    })
  return { listeners, services: balanced }
}

export const familiesOf = ({ spec }: Service): Family[] => (spec?.ipFamilies as Family[] | undefined) ?? ['IPv4']
export const familyOf = (address: string): Family => (isIPv6(address) ? 'IPv6' : 'IPv4')

function listenerOf(service: Service, at: Pick<Listener, 'port' | 'nodePort' | 'servers'>): Listener {
  const { metadata, spec = {} } = service
  const isLocal = spec.externalTrafficPolicy === 'Local' && spec.healthCheckNodePort
  return {
    ...at,
    families: familiesOf(service),
    name: `${metadata?.namespace}.${metadata?.name}:${at.port}`,
    ...(isLocal && { healthCheckPort: spec.healthCheckNodePort! }),
    isSticky: spec.sessionAffinity === 'ClientIP',
    sources: spec.loadBalancerSourceRanges ?? [],
  }
}

function maySend({ metadata, status }: Node): boolean {
  const isExcluded = metadata?.labels?.['node.kubernetes.io/exclude-from-external-load-balancers'] !== undefined
  const isReady = status?.conditions?.some(({ type, status: is }) => type === 'Ready' && is === 'True') ?? false
  return isReady && !isExcluded && metadata?.deletionTimestamp === undefined
}

/** Node ports of a Service are there by its families only. */
function serverOf({ metadata, status }: Node, family: Family | undefined): Listener['servers'] {
  const internal = (status?.addresses ?? []).filter(({ type }) => type === 'InternalIP')
  const address = internal.find((one) => familyOf(one.address) === family)?.address
  return address ? [{ name: metadata?.name ?? '', address }] : []
}

const ageOf = ({ metadata }: Service) => `${metadata?.creationTimestamp} ${metadata?.namespace}/${metadata?.name}`
const compare = (a: string, b: string) => (a < b ? -1 : a > b ? 1 : 0)
