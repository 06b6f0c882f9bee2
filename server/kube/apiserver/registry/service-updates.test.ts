// Which ports of the node a Service keeps, is given and gives back. Upstream: pkg/registry/core/service, sameNodePorts,
// patchAllocatedValues and the tables of storage_test.go.

import type { ServiceSpec } from 'kubernetes-types/core/v1'
import { expect, it } from 'vitest'
import { takeNodePorts } from './service-node-ports.ts'
import { carryOver } from './service-updates.ts'

const of = (type: string, ...nodePorts: number[]): ServiceSpec => ({
  type,
  clusterIP: '10.0.0.1',
  ports: nodePorts.map((nodePort, index) => ({ port: 80 + index, protocol: 'TCP', nodePort })),
})

const balanced = (...ports: { name?: string; port?: number; nodePort?: number }[]): ServiceSpec => ({
  type: 'LoadBalancer',
  clusterIP: '10.0.0.1',
  externalTrafficPolicy: 'Local',
  ports: ports.map(({ port = 80, ...port80 }) => ({ port, protocol: 'TCP', ...port80 })),
})
const before = {
  ...balanced({ name: 'p', nodePort: 30093 }, { name: 'q', nodePort: 30076 }),
  healthCheckNodePort: 30118,
}

it.each([
  [
    'by its name, whatever else of it changed',
    balanced({ name: 'q', port: 8 }, { name: 'p', port: 9 }),
    [30076, 30093],
  ],
  ['by no other name', balanced({ name: 'r' }, { name: 'p' }), [undefined, 30093]],
  ['not where another port asks for it', balanced({ name: 'p', nodePort: 30076 }, { name: 'q' }), [30076, undefined]],
  [
    'not where the balancer needs none',
    { ...balanced({ name: 'p' }), allocateLoadBalancerNodePorts: false },
    [undefined],
  ],
])('keeps a port %s', (_what, next, expected) => {
  carryOver(next, before)
  expect(next.ports?.map(({ nodePort }) => nodePort)).toEqual(expected)
})

const given = { range: [30000, 30200], isTaken: (port: number) => port === 30001 } as const
const took = (next: ServiceSpec, from?: ServiceSpec) =>
  takeNodePorts(next, from, given).map(({ field, message }) => `${field}: ${message}`)
const taken = 'provided port is already allocated'

it.each<[string, ServiceSpec, ServiceSpec | undefined, string[]]>([
  [
    'one of another Service',
    balanced({ nodePort: 30001 }),
    undefined,
    [`spec.ports[0].nodePort: Invalid value: 30001: ${taken}`],
  ],
  [
    'one for two ports, though of two protocols',
    balanced({ port: 93, nodePort: 30093 }, { port: 76, nodePort: 30093 }),
    undefined,
    [`spec.ports[1].nodePort: Invalid value: 30093: ${taken}`],
  ],
  [
    'that at which the Service is asked for its health',
    { ...before, ...balanced({ name: 'p', nodePort: 30118 }) },
    before,
    [`spec.ports[0].nodePort: Invalid value: 30118: ${taken}`],
  ],
  [
    'its own in another order',
    { ...before, ...balanced({ name: 'p', nodePort: 30076 }, { name: 'q', nodePort: 30093 }) },
    before,
    [],
  ],
])('does not take %s', (_what, next, from, errors) => {
  expect(took(next, from)).toEqual(errors)
})

it('gives one number to both protocols of a port, whichever of the two asks for it', () => {
  const dns = balanced({ port: 53 }, { port: 53, nodePort: 30053 })
  expect(took(dns)).toEqual([])
  expect(dns.ports?.map(({ nodePort }) => nodePort)).toEqual([30053, 30053])
})

it.each([
  ['all that it had', of('ClusterIP', 30001, 30002), [undefined, undefined]],
  ['those that are left', of('ClusterIP', 30002), [undefined]],
  ['none, where it asks for another one', of('ClusterIP', 30001, 30003), [30001, 30003]],
])('gives back %s', (_what, next, expected) => {
  carryOver(next, of('NodePort', 30001, 30002))
  expect(next.ports?.map(({ nodePort }) => nodePort)).toEqual(expected)
})
