import { afterEach, beforeEach, expect, it } from 'vitest'
import { startTestServer } from '../../apiserver/testing/test-server.ts'
import { EndpointSlice, Endpoints, Service } from '../../kinds/index.ts'
import { runScheduler } from '../../scheduler/index.ts'
import { insist, startTestLoops, type TestLoops } from '../testing/test-loops.ts'
import { mirroredGroups } from './mirrored-groups.ts'

it.each([
  [[{ addresses: [{ ip: '10.0.0.1' }] }], ['IPv4 1'], 0, 0],
  [[{ addresses: [{ ip: '10.0.0.1' }, { ip: 'fd00::1' }] }], ['IPv4 1', 'IPv6 1'], 0, 0],
  [[{ addresses: [{ ip: '10.0.0.1' }], notReadyAddresses: [{ ip: '10.0.0.2' }] }], ['IPv4 2'], 0, 0],
  [
    [
      { addresses: [{ ip: '10.0.0.1' }], ports: [{ port: 80 }] },
      { addresses: [{ ip: '10.0.0.1' }], ports: [{ port: 81 }] },
    ],
    ['IPv4 1'],
    0,
    0,
  ],
  [
    [
      { addresses: [{ ip: '10.0.0.1' }, { ip: '10.0.0.2' }], ports: [{ port: 80 }] },
      { addresses: [{ ip: '10.0.0.1' }], ports: [{ port: 81 }] },
    ],
    ['IPv4 2', 'IPv4 1'],
    0,
    0,
  ],
  [[{ addresses: [{ ip: 'nowhere' }, { ip: '10.0.0.1' }] }], ['IPv4 1'], 1, 0],
  [
    [{ addresses: Array.from({ length: 1002 }, (_, index) => ({ ip: `10.0.${index >> 8}.${index & 255}` })) }],
    ['IPv4 1000'],
    0,
    2,
  ],
])('groups what is said by family and ports (%#)', (subsets, expected, invalid, excess) => {
  const mirrored = mirroredGroups(subsets)
  expect([...mirrored.groups.values()].map((group) => `${group.addressType} ${group.endpoints.length}`)).toEqual(
    expected,
  )
  expect(mirrored).toMatchObject({ invalid, excess })
})

it('tells addresses in the one way in which slices may be written', () => {
  const { groups } = mirroredGroups([{ addresses: [{ ip: '2001:DB8:0::1' }] }])
  expect([...groups.values()].flatMap(({ endpoints }) => endpoints[0]?.addresses)).toEqual(['2001:db8::1'])
})

let loops: TestLoops
beforeEach(async () => {
  loops = await startTestLoops({ startTestServer, runScheduler })
  await loops.run(['endpointslicemirroring', 'endpointslice', 'endpoints'])
})
afterEach(() => loops[Symbol.asyncDispose]())

it('shows Endpoints made by hand in slices, follows them, and leaves them when there is a selector', async () => {
  const place = { namespace: 'default', name: 'outside' }
  const merge = 'application/merge-patch+json'
  const slices = async () =>
    (await loops.client.of(EndpointSlice).list({ labelSelector: 'kubernetes.io/service-name=outside' })).items
  await loops.client.of(Service).create({ metadata: place, spec: { ports: [{ port: 80 }] } })
  await loops.client.of(Endpoints).create({
    metadata: { ...place, labels: { of: 'outside' }, annotations: { told: 'yes' } },
    subsets: [{ addresses: [{ ip: '192.0.2.7' }], ports: [{ port: 8080, name: 'web' }] }],
  })
  await loops.until('a slice', async () => (await slices()).length === 1)
  expect((await slices())[0]).toMatchObject({
    metadata: {
      labels: { of: 'outside', 'endpointslice.kubernetes.io/managed-by': 'endpointslicemirroring-controller.k8s.io' },
      annotations: { told: 'yes' },
      ownerReferences: [{ kind: 'Endpoints', name: 'outside', controller: true }],
    },
    addressType: 'IPv4',
    ports: [{ name: 'web', port: 8080, protocol: 'TCP' }],
    endpoints: [{ addresses: ['192.0.2.7'], conditions: { ready: true } }],
  })
  const subsets = [{ addresses: [{ ip: '192.0.2.8' }, { ip: '192.0.2.9' }], ports: [{ port: 8080, name: 'web' }] }]
  await insist(() => loops.client.of(Endpoints).patch(place, merge, { subsets }))
  await loops.until('follows', async () => (await slices())[0]?.endpoints.length === 2)
  await insist(() => loops.client.of(Service).patch(place, merge, { spec: { selector: { app: 'mine' } } }))
  await loops.until('only the Service’s own', async () => {
    const managers = (await slices()).map(
      ({ metadata }) => metadata?.labels?.['endpointslice.kubernetes.io/managed-by'],
    )
    return String(managers) === 'endpointslice-controller.k8s.io'
  })
})

it('takes slices away when their Endpoints go', async () => {
  const place = { namespace: 'default', name: 'outside' }
  const count = async () =>
    (await loops.client.of(EndpointSlice).list({ labelSelector: 'kubernetes.io/service-name=outside' })).items.length
  await loops.client.of(Service).create({ metadata: place, spec: { ports: [{ port: 80 }] } })
  const subsets = [{ addresses: [{ ip: '192.0.2.7' }], ports: [{ port: 8080 }] }]
  await loops.client.of(Endpoints).create({ metadata: place, subsets })
  await loops.until('a slice', async () => (await count()) === 1)
  await loops.client.of(Endpoints).delete(place)
  await loops.until('none', async () => (await count()) === 0)
})

it('leaves alone what asks for that', async () => {
  const of = (name: string) => ({ namespace: 'default', name })
  for (const name of ['skipped', 'shown']) {
    await loops.client.of(Service).create({ metadata: of(name), spec: { ports: [{ port: 80 }] } })
    const labels: Record<string, string> =
      name === 'skipped' ? { 'endpointslice.kubernetes.io/skip-mirror': 'true' } : {}
    await loops.client
      .of(Endpoints)
      .create({ metadata: { ...of(name), labels }, subsets: [{ addresses: [{ ip: '192.0.2.7' }] }] })
  }
  const shown = async () =>
    (await loops.client.of(EndpointSlice).list({ namespace: 'default' })).items
      .map(({ metadata }) => metadata?.labels?.['kubernetes.io/service-name'])
      .filter((name) => name !== 'kubernetes')
  await loops.until('mirrored', async () => (await shown()).length > 0)
  expect(await shown()).toEqual(['shown'])
})
