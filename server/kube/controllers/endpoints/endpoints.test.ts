import type { Service as CoreService, Pod } from 'kubernetes-types/core/v1'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { startTestServer } from '../../apiserver/testing/test-server.ts'
import { Endpoints } from '../../kinds/endpoints.ts'
import { ReplicaSet } from '../../kinds/replica-set.ts'
import { Service } from '../../kinds/service.ts'
import { runScheduler } from '../../scheduler/index.ts'
import { replicaSet, startTestLoops, type TestLoops } from '../testing/test-loops.ts'
import { subsetsFor } from './subsets.ts'

const pod = (index: number, { ready = true, port = 8080, ips = [] as string[] } = {}): Pod => ({
  metadata: { namespace: 'default', name: `pod-${index}`, uid: `uid-${index}` },
  spec: { nodeName: 'n1', containers: [{ name: 'main', ports: [{ name: 'http', containerPort: port }] }] },
  status: {
    podIP: ips[0] ?? `10.0.${index >> 8}.${index & 255}`,
    podIPs: ips.map((ip) => ({ ip })),
    conditions: [{ type: 'Ready', status: ready ? 'True' : 'False' }],
  },
})
const pods = (count: number, from: number, told: Parameters<typeof pod>[1]) =>
  Array.from({ length: count }, (_, index) => pod(from + index, told))
const service = (spec: CoreService['spec'] = {}): CoreService => ({
  metadata: { namespace: 'default', name: 'web' },
  spec: { selector: { app: 'web' }, ports: [{ port: 80, targetPort: 'http' }], ...spec },
})

it('tells the addresses of the Service’s first family', () => {
  const both = pod(1, { ips: ['10.0.0.1', 'fd00::1'] })
  const addresses = (ipFamilies: string[]) =>
    subsetsFor(service({ ipFamilies }), [both, pod(2)]).subsets.flatMap(({ addresses = [] }) =>
      addresses.map(({ ip }) => ip),
    )
  expect(addresses(['IPv6', 'IPv4'])).toEqual(['fd00::1'])
  expect(addresses(['IPv4'])).toEqual(['10.0.0.1', '10.0.0.2'])
})

it('tells ports apart by who has them', () => {
  const ports = [
    { name: 'web', port: 80, targetPort: 'http' },
    { name: 'numbers', port: 81, targetPort: 9090 },
  ]
  const { subsets } = subsetsFor(service({ ports }), [pod(1), pod(2), { ...pod(3), spec: { containers: [] } }])
  const told = subsets.map((subset) => [subset.ports?.map(({ port }) => port), subset.addresses?.map(({ ip }) => ip)])
  expect(told).toEqual([
    [[9090], ['10.0.0.1', '10.0.0.2', '10.0.0.3']],
    [[8080], ['10.0.0.1', '10.0.0.2']],
  ])
})

it.each<[what: string, pods: Pod[], counts: [ready: number, notReady: number][], truncated: boolean]>([
  ['a thousand stay', [...pods(900, 0, {}), ...pods(100, 900, { ready: false })], [[900, 100]], false],
  [
    'of more that are ready each subset keeps its part, and none that is not',
    [...pods(900, 0, { port: 1 }), ...pods(300, 900, { port: 2 }), ...pods(10, 1200, { port: 2, ready: false })],
    [
      [750, 0],
      [250, 0],
    ],
    true,
  ],
  [
    'of those that are not ready there are so many as there is room for',
    [
      ...pods(400, 0, { port: 1 }),
      ...pods(300, 400, { port: 1, ready: false }),
      ...pods(600, 700, { port: 2, ready: false }),
    ],
    [
      [400, 200],
      [0, 400],
    ],
    true,
  ],
  [
    'whoever has not the port does not count',
    [...pods(1000, 0, {}), { ...pod(1000), spec: { containers: [] } }],
    [[1000, 0]],
    false,
  ],
])('%s', (_what, all, counts, truncated) => {
  const found = subsetsFor(service(), all)
  const told = found.subsets.map(({ addresses = [], notReadyAddresses = [] }) => [
    addresses.length,
    notReadyAddresses.length,
  ])
  expect(told).toEqual(counts)
  expect(found.truncated).toBe(truncated)
})

describe('against an API server', () => {
  let loops: TestLoops
  beforeEach(async () => {
    loops = await startTestLoops({ startTestServer, runScheduler })
    await loops.addNode('node-1')
    await loops.run()
  })
  afterEach(() => loops[Symbol.asyncDispose]())

  const names = async () =>
    (await loops.client.of(Endpoints).list({ namespace: 'default' })).items.map(({ metadata }) => metadata?.name)

  it('leaves alone what is made by hand, until its Service goes; and names of elsewhere have none', async () => {
    const subsets = [{ addresses: [{ ip: '192.0.2.1' }], ports: [{ port: 80 }] }]
    const metadata = { namespace: 'default', name: 'web' }
    await loops.client.of(Endpoints).create({ metadata, subsets })
    await loops.client.of(Service).create({ metadata, spec: { ports: [{ port: 80 }] } })
    await loops.client.of(Service).create({
      metadata: { namespace: 'default', name: 'elsewhere' },
      spec: { type: 'ExternalName', externalName: 'example.com', selector: { app: 'web' } },
    })
    await loops.client.of(Service).create({
      metadata: { namespace: 'default', name: 'own' },
      spec: { selector: { app: 'web' }, ports: [{ port: 80 }] },
    })
    await loops.client.of(ReplicaSet).create(replicaSet('web', 1))
    await loops.until('those of its own', async () => {
      const { items } = await loops.client.of(Endpoints).list({ namespace: 'default' })
      return items.find(({ metadata }) => metadata?.name === 'own')?.subsets?.[0]?.addresses?.length === 1
    })
    expect((await names()).filter((name) => name !== 'kubernetes').sort()).toEqual(['own', 'web'])
    await loops.client.of(Service).delete(metadata)
    await loops.until('no more', async () => !(await names()).includes('web'))
  })
})
