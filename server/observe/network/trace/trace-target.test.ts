import { expect, it } from 'vitest'
import { objects } from './testing/told-examples.ts'
import { traceTarget } from './trace-target.ts'

it.each([
  ['web', { host: 'web', port: 8080 }],
  ['web:9090', { host: 'web', port: 9090 }],
  ['db.shop', { host: 'db.shop', port: 8080 }],
  ['db', { host: 'db', port: 80 }],
  ['10.96.0.50', { host: '10.96.0.50', port: 8080 }],
  ['pod/web-2', { host: '10.244.0.2', port: 80 }],
  ['pod/default/web-2:81', { host: '10.244.0.2', port: 81 }],
  ['node-2:30080', { host: '10.160.1.13', port: 30080 }],
  ['node-2', 'Say which port of node-2: `node-2:30080`.'],
  ['pod/gone', 'There is no Pod `gone` in default.'],
  ['web:0', '`0` is no port: they go from 1 to 65535.'],
  ['a b', expect.stringMatching(/^Say whom to call/)],
  ['http://web', expect.stringMatching(/^Say whom to call|neither/)],
  ['fd00::1', { host: 'fd00::1', port: 80 }],
  ['fd00:10:96::50', { host: 'fd00:10:96::50', port: 8080 }],
  ['[fd00:10:96::50]:9090', { host: 'fd00:10:96::50', port: 9090 }],
  ['[web]:80', expect.stringMatching(/neither a name nor an address/)],
])('%s is a target', (typed, target) => {
  expect(traceTarget(typed, 'default', objects)).toEqual(target)
})

it('calls a node by an address of the family that the cluster has', () => {
  const kubernetes = (clusterIP: string) => ({
    metadata: { namespace: 'default', name: 'kubernetes' },
    spec: { clusterIP, clusterIPs: [clusterIP] },
  })
  const addresses = ['10.160.1.13', 'fd00:10:160::13'].map((address) => ({ type: 'InternalIP', address }))
  const nodes = [{ metadata: { name: 'node-2' }, status: { addresses } }]
  const hostOf = (clusterIP: string) =>
    traceTarget('node-2:30080', 'default', { ...objects, nodes, services: [kubernetes(clusterIP)] })
  expect(hostOf('fd00:10:96::1')).toEqual({ host: 'fd00:10:160::13', port: 30080 })
  expect(hostOf('10.96.0.1')).toEqual({ host: '10.160.1.13', port: 30080 })
})
