// Services and endpoints for tests of rules, seen from node n1.

import type { Service } from 'kubernetes-types/core/v1'
import type { EndpointSlice } from 'kubernetes-types/discovery/v1'
import { type Family, portsOf, type ServicePort } from '../service-ports.ts'

export const service = (spec: Partial<NonNullable<Service['spec']>> = {}, status: Service['status'] = {}): Service => ({
  metadata: { name: 'web', namespace: 'default' },
  spec: { clusterIP: '10.96.0.50', ports: [{ port: 80, protocol: 'TCP' }], ...spec },
  status,
})

export const endpoint = (
  ip: string,
  told: { ready?: boolean; terminating?: boolean; node?: string; zones?: string[]; nodes?: string[] } = {},
) => ({
  addresses: [ip],
  nodeName: told.node ?? 'n1',
  conditions: { ready: told.ready ?? true, serving: true, terminating: told.terminating ?? false },
  hints: {
    ...(told.zones && { forZones: told.zones.map((name) => ({ name })) }),
    ...(told.nodes && { forNodes: told.nodes.map((name) => ({ name })) }),
  },
})

export const slice = (...endpoints: EndpointSlice['endpoints']): EndpointSlice => ({
  metadata: { name: 'web-1', namespace: 'default', labels: { 'kubernetes.io/service-name': 'web' } },
  addressType: endpoints[0]?.addresses[0]?.includes(':') ? 'IPv6' : 'IPv4',
  endpoints,
  ports: [{ port: 8080, protocol: 'TCP' }],
})

/** As the loop of EndpointSlices makes it for a port of UDP. */
export const sliceOfUdp = (...endpoints: EndpointSlice['endpoints']): EndpointSlice => ({
  ...slice(...endpoints),
  ports: [{ port: 8080, protocol: 'UDP' }],
})

export const ports = (one: Service, slices: EndpointSlice[], family: Family = 'IPv4', zone = 'a'): ServicePort[] =>
  portsOf(one, slices, { nodeName: 'n1', zone, family })

/** Everything that may lead into a Service. */
export const balanced = (spec: Partial<NonNullable<Service['spec']>> = {}): Service =>
  service(
    {
      type: 'LoadBalancer',
      ports: [{ port: 80, protocol: 'TCP', nodePort: 30080 }],
      externalIPs: ['192.168.99.22'],
      ...spec,
    },
    { loadBalancer: { ingress: [{ ip: '1.2.3.4' }] } },
  )
