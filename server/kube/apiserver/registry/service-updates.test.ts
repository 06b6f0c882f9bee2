// Which ports of the node a Service gives back that wants none any more. Upstream: pkg/registry/core/service, sameNodePorts.

import type { ServiceSpec } from 'kubernetes-types/core/v1'
import { expect, it } from 'vitest'
import { carryOver } from './service-updates.ts'

const of = (type: string, ...nodePorts: number[]): ServiceSpec => ({
  type,
  clusterIP: '10.0.0.1',
  ports: nodePorts.map((nodePort, index) => ({ port: 80 + index, protocol: 'TCP', nodePort })),
})

it.each([
  ['all that it had', of('ClusterIP', 30001, 30002), [undefined, undefined]],
  ['those that are left', of('ClusterIP', 30002), [undefined]],
  ['none, where it asks for another one', of('ClusterIP', 30001, 30003), [30001, 30003]],
])('%s', (_what, next, expected) => {
  carryOver(next, of('NodePort', 30001, 30002))
  expect(next.ports?.map(({ nodePort }) => nodePort)).toEqual(expected)
})
