import { afterAll, beforeAll, expect, it } from 'vitest'
import { FakeClock, settlePromises } from '../../base/clock.ts'
import { Lease } from '../kinds/lease.ts'
import { leaseNameOf } from './server-leases.ts'
import { startTestServer, type TestServer } from './testing/test-server.ts'

const clock = new FakeClock()
const here = { hostName: 'sea', port: 6443 }
const there = { hostName: 'sea', port: 6444 }
let test: TestServer
let second: TestServer

beforeAll(async () => {
  test = await startTestServer({ clock, options: { identity: here } })
  second = await startTestServer({ clock, store: test.store, options: { identity: there } })
})
afterAll(async () => {
  await second[Symbol.asyncDispose]()
  await test[Symbol.asyncDispose]()
})

const labelSelector = 'apiserver.kubernetes.io/identity=kube-apiserver'
const leases = async () => (await test.client.of(Lease).list({ namespace: 'kube-system', labelSelector })).items
const names = async () => (await leases()).map(({ metadata }) => metadata?.name).sort()

it('each server says that it is there, and one that is silent for an hour is forgotten', async () => {
  while ((await leases()).length < 2) await settlePromises()
  expect(await names()).toEqual([leaseNameOf(here), leaseNameOf(there)].sort())
  const [lease] = await leases()
  expect(lease?.metadata?.labels).toMatchObject({ 'kubernetes.io/hostname': 'sea' })
  expect(lease?.spec).toMatchObject({ leaseDurationSeconds: 3600 })
  expect(lease?.spec?.holderIdentity).toMatch(/^apiserver-[0-9a-f]{26}_[0-9a-f-]{36}$/)

  await second.server.close()
  // Step by step: what is renewed every ten seconds is written to a real disk.
  const renewed = async () =>
    (await leases()).find(({ metadata }) => metadata?.name === leaseNameOf(here))?.spec?.renewTime
  for (let minute = 0; minute <= 125; minute++) {
    const before = await renewed()
    await clock.advance(60_000)
    while ((await renewed()) === before) await settlePromises()
  }
  while ((await leases()).length > 1) await settlePromises()
  expect(await names()).toEqual([leaseNameOf(here)])
})
