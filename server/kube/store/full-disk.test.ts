import { beforeEach, describe, expect, it } from 'vitest'
import { FakeClock } from '../../base/clock.ts'
import { NoSpaceError, openStore, type Store } from './store.ts'
import { PowerLossDisk } from './testing/power-loss-disk.ts'
import { seededRandom } from './testing/seeded-random.ts'

let disk: PowerLossDisk
let clock: FakeClock

const open = (more = {}) =>
  openStore({ directory: '/store', clock, disk, growBytes: 500, segmentBytes: 4000, reclaimBytes: 2000, ...more })

async function put(store: Store, key: string, value: string, lease = 0n): Promise<number> {
  const operation = { type: 'put', key, value: Buffer.from(value), lease } as const
  return (await store.txn({ compare: [], success: [operation], failure: [] })).revision
}

const get = async (store: Store, key: string) => (await store.range({ key })).kvs[0]?.value.toString()
const large = 'x'.repeat(1000)

beforeEach(() => {
  disk = new PowerLossDisk()
  clock = new FakeClock()
})

describe('a full disk', () => {
  it('refuses what needs space in etcd’s words, raises the alarm, and goes on answering', async () => {
    const store = await open()
    await put(store, 'a', '1')
    disk.leaveSpace(0)
    await expect(put(store, 'b', large)).rejects.toThrow('etcdserver: mvcc: database space exceeded')
    expect(store.status()).toMatchObject({ alarms: ['NOSPACE'] })
    expect(store.status().failure).toBeUndefined()
    expect(await get(store, 'a')).toBe('1')
    expect(await get(store, 'b')).toBeUndefined()
    expect(store.revision).toBe(2)
  })

  it('is written to again as soon as there is space, with the revision that was not used', async () => {
    const store = await open()
    await put(store, 'a', '1')
    const seen: number[] = []
    store.watch(
      { key: 'a', rangeEnd: 'z', startRevision: 2 },
      { events: (revision) => seen.push(revision), ended: () => {} },
    )
    disk.leaveSpace(0)
    await expect(put(store, 'b', large)).rejects.toThrow(NoSpaceError)
    disk.leaveSpace(Number.POSITIVE_INFINITY)
    expect(await put(store, 'b', large)).toBe(3)
    expect(store.status().alarms).toEqual([])
    await store.close()
    expect(seen).toEqual([2, 3])
    const again = await open()
    expect(again.revision).toBe(3)
    expect(await get(again, 'b')).toBe(large)
  })

  it('fails everything that was decided upon what is taken back', async () => {
    const store = await open()
    await put(store, 'a', '1')
    disk.leaveSpace(0)
    const first = put(store, 'a', large)
    const built = store.txn({
      compare: [{ key: 'a', target: 'version', result: '=', value: 2 }],
      success: [{ type: 'put', key: 'b', value: Buffer.from('saw it') }],
      failure: [],
    })
    await expect(first).rejects.toThrow(NoSpaceError)
    await expect(built).rejects.toThrow(NoSpaceError)
    disk.leaveSpace(Number.POSITIVE_INFINITY)
    expect((await store.range({ key: 'a' })).kvs[0]).toMatchObject({ version: 1, modRevision: 2 })
    expect(await put(store, 'c', '1')).toBe(3)
  })

  it('uses the last bytes for what fits, though not for the zeros ahead', async () => {
    const store = await open()
    disk.leaveSpace(200)
    expect(await put(store, 'a', '1')).toBe(2)
    expect(store.status().alarms).toEqual([])
  })

  it('takes leases and their keys back as they were', async () => {
    const store = await open()
    const kept = await store.grantLease(60, 7n)
    await put(store, 'leased', '1', kept.id)
    // So that no zeros are left to be written over.
    await put(store, 'b', large)
    disk.leaveSpace(0)
    const fails = [put(store, 'leased', large), store.grantLease(60, 8n), store.revokeLease(7n)]
    for (const each of await Promise.allSettled(fails)) {
      expect(each).toMatchObject({ status: 'rejected', reason: expect.any(NoSpaceError) })
    }
    expect(await store.leases()).toEqual([7n])
    expect(await store.timeToLive(7n)).toMatchObject({ keys: ['leased'] })
    disk.leaveSpace(Number.POSITIVE_INFINITY)
    await store.revokeLease(7n)
    expect(await get(store, 'leased')).toBeUndefined()
  })

  it('ends a lease whose time came while nothing could be written', async () => {
    const store = await open({ growBytes: 0 })
    await store.grantLease(60, 7n)
    await put(store, 'leased', large, 7n)
    disk.leaveSpace(0)
    await clock.advance(60_000)
    expect(await get(store, 'leased')).toBe(large)
    disk.leaveSpace(Number.POSITIVE_INFINITY)
    await clock.advance(60_000)
    await put(store, 'after', '1')
    expect(await get(store, 'leased')).toBeUndefined()
  })

  it('leaves no half a snapshot in the way of what comes next', async () => {
    const store = await open()
    for (let i = 0; i < 20; i++) await put(store, `key-${i}`, large)
    disk.leaveSpace(3000)
    await store.compact(store.revision - 1)
    await expect(store.defragment()).rejects.toThrow('no space left on device')
    expect(await disk.list('/store')).not.toContainEqual(expect.stringContaining('snapshot-00000001.tmp'))
    expect(await put(store, 'more', '1')).toBe(22)
    disk.leaveSpace(Number.POSITIVE_INFINITY)
    await store.defragment()
    await store.close()
    expect((await open()).revision).toBe(22)
  })

  it('loses nothing that was answered and keeps nothing that was refused, whenever it is full (100 seeds)', async () => {
    let refused = 0
    for (let seed = 1; seed <= 100; seed++) refused += await fillAndFree(seed)
    expect(refused).toBeGreaterThan(1000)
  })
})

/** Returns how many writes found no space; now and then a seed leaves enough each time. */
async function fillAndFree(seed: number): Promise<number> {
  const random = seededRandom(seed)
  disk = new PowerLossDisk()
  let store = await open()
  const known = new Map<string, string>()
  let refused = 0
  for (let round = 0; round < 30; round++) {
    const space = random() < 0.5 ? Math.floor(random() * 3000) : Number.POSITIVE_INFINITY
    disk.leaveSpace(space)
    const batch = Array.from({ length: 1 + Math.floor(random() * 6) }, (_, i) => ({
      key: `key-${Math.floor(random() * 5)}-${i}`,
      value: `${round}-${i}`.padEnd(Math.floor(random() * 900), '.'),
    }))
    const written = await Promise.allSettled(batch.map(({ key, value }) => put(store, key, value)))
    for (const [index, { status }] of written.entries()) {
      const { key, value } = batch[index]!
      if (status === 'fulfilled') known.set(key, value)
      else refused++
    }
    if (random() < 0.2) await store.compact(store.revision).catch(() => {})
    if (random() < 0.2) {
      await store.close()
      if (random() < 0.5) disk = disk.afterPowerLoss(random)
      disk.leaveSpace(Number.POSITIVE_INFINITY)
      store = await open()
    }
    const { kvs, revision } = await store.range({ key: 'key', rangeEnd: 'kez' })
    expect(new Map(kvs.map(({ key, value }) => [key, value.toString()])), `seed ${seed}`).toEqual(known)
    expect(revision).toBe(store.revision)
  }
  await store.close()
  return refused
}

describe('the quota', () => {
  it('raises the alarm when it is exceeded; deleting, compacting and disarming lower it', async () => {
    const store = await open({ quotaBytes: 6000 })
    let puts = 0
    const fill = async () => {
      for (;;) await put(store, `key-${puts++}`, large)
    }
    await expect(fill()).rejects.toThrow(NoSpaceError)
    expect(puts).toBeGreaterThan(5)
    expect(store.status().alarms).toEqual(['NOSPACE'])
    await expect(store.grantLease(10)).rejects.toThrow(NoSpaceError)
    await store.txn({ compare: [], success: [{ type: 'delete', key: 'key', rangeEnd: 'kez' }], failure: [] })
    await store.compact(store.revision)
    await store.defragment()
    await expect(put(store, 'a', '1')).rejects.toThrow(NoSpaceError)
    await store.setAlarm('NOSPACE', false)
    await put(store, 'a', '1')
    expect(store.status().alarms).toEqual([])
  })
})
