import type { Pod } from 'kubernetes-types/core/v1'
import { expect, it } from 'vitest'
import { FakeClock } from '../../../base/clock.ts'
import type { Client } from '../../client/client.ts'
import type { Allocation, Claim } from '../../kinds/devices/device-objects.ts'
import { DeviceView } from './device-view.ts'

const pod: Pod = { metadata: { namespace: 'default', name: 'reader', uid: 'p1' } }
const allocation: Allocation = {
  devices: { results: [{ request: 'lamp', driver: 'lamps.example.com', pool: 'lamps', device: 'lamp-0' }] },
}
const lamp = 'lamps.example.com/lamps/lamp-0'

/** A server that does what it is asked, whose first answer to a status gets lost. */
function viewOf(loses: { before: boolean }) {
  let there: Claim = { metadata: { namespace: 'default', name: 'lamp', uid: 'c1', resourceVersion: '1' }, spec: {} }
  let asked = 0
  const write = (claim: Claim) => {
    const resourceVersion = String(Number(there.metadata?.resourceVersion) + 1)
    there = { ...claim, metadata: { ...claim.metadata, resourceVersion } }
    return there
  }
  const claims = {
    get: async () => there,
    update: async (claim: Claim) => write(claim),
    updateStatus: async (claim: Claim) => {
      if (asked++ > 0) return write(claim)
      if (!loses.before) write(claim)
      throw new Error('read ECONNRESET')
    },
  }
  const nothing = { cache: { get: () => undefined, list: () => [] }, addHandler: () => undefined }
  const clock = new FakeClock()
  const view = new DeviceView({
    client: { of: () => claims } as unknown as Client,
    clock,
    claims: nothing as never,
    slices: nothing as never,
    classes: nothing as never,
    signal: new AbortController().signal,
    onChange: () => undefined,
    tell: () => undefined,
  })
  view.promise(there, allocation)
  return { view, clock, claim: there, asked: () => asked }
}

it.each([
  ['was done all the same', false, 1],
  ['was never done', true, 2],
])('gives devices to nobody else while it is not known whether what it wrote %s', async (_, before, writes) => {
  const { view, clock, claim, asked } = viewOf({ before })
  const binding = view.bind(claim, pod, allocation)
  await clock.advance(500)
  expect([...view.world().inUse]).toEqual([lamp])
  await clock.advance(1_000)
  expect(await binding).toMatchObject({ status: { allocation, reservedFor: [{ uid: 'p1' }] } })
  expect(asked()).toBe(writes)
})

it('counts what claims have of devices that several may have', () => {
  const result = { request: 'x', driver: 'gpus.io', pool: 'n', device: 'a' }
  const has = (shareID: string, memory: string, told = {}): Claim => {
    const results = [{ ...result, shareID, consumedCapacity: { memory }, ...told }]
    return { metadata: { namespace: 'default', name: shareID }, status: { allocation: { devices: { results } } } }
  }
  const claims = [has('1', '1'), has('2', '500m'), has('3', '8', { adminAccess: true })]
  const nothing = { cache: { get: () => undefined, list: () => [] }, addHandler: () => undefined }
  const view = new DeviceView({
    client: {} as Client,
    clock: new FakeClock(),
    claims: { ...nothing, cache: { list: () => claims } } as never,
    slices: nothing as never,
    classes: nothing as never,
    signal: new AbortController().signal,
    onChange: () => undefined,
    tell: () => undefined,
  })
  const { inUse, shared } = view.world()
  expect([...inUse]).toEqual([])
  expect(shared).toEqual(new Map([['gpus.io/n/a', new Map([['memory', 1_500_000_000n]])]]))
})
