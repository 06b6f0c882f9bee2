// Snapshots as etcd's databases. That etcd's own tools agree is shown in etcd-door/etcdctl.real.test.ts.

import { beforeEach, describe, expect, it } from 'vitest'
import { FakeClock } from '../../base/clock.ts'
import { encodeSnapshot } from './snapshot.ts'
import {
  CompactedError,
  type KeyValue,
  openStore,
  type RestoreStoreOptions,
  restoreStore,
  type Store,
} from './store.ts'
import { PowerLossDisk } from './testing/power-loss-disk.ts'
import { seededRandom } from './testing/seeded-random.ts'

const EVERYTHING = { key: '\0', rangeEnd: '\0' }
const clock = new FakeClock()
let disk: PowerLossDisk
let store: Store

beforeEach(async () => {
  disk = new PowerLossDisk()
  store = await openStore({ directory: '/store', clock, disk })
})

async function put(key: string, value: string, lease = 0n): Promise<number> {
  const operation = { type: 'put', key, value: Buffer.from(value), lease } as const
  return (await store.txn({ compare: [], success: [operation], failure: [] })).revision
}

const remove = (key: string) => store.txn({ compare: [], success: [{ type: 'delete', key }], failure: [] })

async function taken(): Promise<Buffer> {
  const pieces: Buffer[] = []
  for await (const piece of store.snapshot()) pieces.push(piece)
  return Buffer.concat(pieces)
}

async function* piece(bytes: Buffer) {
  yield bytes
}

async function restored(bytes: Buffer, more: Partial<RestoreStoreOptions> = {}): Promise<Store> {
  const other = new PowerLossDisk()
  await restoreStore({ directory: '/copy', disk: other, snapshot: piece(bytes), ...more })
  return openStore({ directory: '/copy', clock, disk: other })
}

/** All that lives, as one text: quicker to compare than thousands of objects. */
async function told(of: Store): Promise<string> {
  const { kvs, revision } = await of.range(EVERYTHING)
  return [revision, ...kvs.map((kv) => Object.values(kv).map(String).join(' '))].join('\n')
}

async function eventsFrom(of: Store, startRevision: number): Promise<string[]> {
  const seen: string[] = []
  await new Promise<void>((caughtUp, ended) => {
    of.watch(
      { ...EVERYTHING, startRevision },
      {
        events: (revision, events) =>
          seen.push(`${revision} ${events.map(({ type, kv }) => `${type} ${kv.key}=${kv.value}`)}`),
        progress: () => caughtUp(),
        ended: (error) => ended(error),
      },
    )
  })
  return seen
}

describe('a snapshot', () => {
  it('restores to the same state at the same revision, with its history and its leases', async () => {
    await put('a', '1')
    await put('a', '2')
    await store.grantLease(60, -5n)
    await store.grantLease(60, 2n ** 62n + 1n)
    await put('b', '1', 2n ** 62n + 1n)
    await remove('a')
    await put('a', '3')
    await store.compact(3)
    const copy = await restored(await taken())
    expect(await copy.range(EVERYTHING)).toEqual(await store.range(EVERYTHING))
    expect(copy.compactRevision).toBe(3)
    expect((await copy.range({ key: 'a', revision: 3 })).kvs[0]?.value.toString()).toBe('2')
    expect(await eventsFrom(copy, 3)).toEqual(await eventsFrom(store, 3))
    expect(await copy.timeToLive(2n ** 62n + 1n)).toMatchObject({ ttlSeconds: 60, keys: ['b'] })
    expect(await copy.timeToLive(-5n)).toMatchObject({ keys: [] })
    expect(await copy.hashKeys()).toEqual(await store.hashKeys())
  })

  it('of an empty store restores to one', async () => {
    const copy = await restored(await taken())
    expect({ revision: copy.revision, count: (await copy.range(EVERYTHING)).count }).toEqual({ revision: 1, count: 0 })
  })

  it('keeps whatever there is, whatever its size (20 seeds)', async () => {
    for (let seed = 1; seed <= 20; seed++) {
      const random = seededRandom(seed)
      disk = new PowerLossDisk()
      store = await openStore({ directory: '/store', clock, disk })
      const some = (most: number) => Math.floor(random() ** 3 * most)
      for (let round = 0; round < 6; round++) {
        const keys = new Set(Array.from({ length: 1 + some(200) }, () => `${some(2000)}`.padEnd(1 + some(400), 'k')))
        const success = [...keys].map((key) =>
          random() < 0.2
            ? ({ type: 'delete', key } as const)
            : ({ type: 'put', key, value: Buffer.alloc(some(9000), key) } as const),
        )
        await store.txn({ compare: [], success, failure: [] })
      }
      if (random() < 0.5) await store.compact(2 + some(store.revision - 2))
      const copy = await restored(await taken())
      expect(await told(copy), `seed ${seed}`).toBe(await told(store))
      expect(await copy.hashKeys(), `seed ${seed}`).toMatchObject({ hash: (await store.hashKeys()).hash })
    }
  })

  it('is refused when it is cut short or any bit of it is another', async () => {
    for (let i = 0; i < 20; i++) await put(`key-${i}`, 'x'.repeat(1000))
    const whole = await taken()
    await expect(restored(whole.subarray(0, -4096))).rejects.toThrow('hash of the snapshot does not match')
    await expect(restored(whole.subarray(0, -1))).rejects.toThrow('snapshot is cut short')
    for (let at = 100; at < whole.length; at += 997) {
      const damaged = Buffer.from(whole)
      damaged[at]! ^= 4
      await expect(restored(damaged)).rejects.toThrow('hash of the snapshot does not match')
    }
  })

  it('can still be one that Podium wrote before it wrote etcd’s', async () => {
    const state: KeyValue = {
      key: 'a',
      value: Buffer.from('1'),
      createRevision: 2,
      modRevision: 7,
      version: 3,
      lease: 0n,
    }
    const content = { revision: 9, states: [state], leases: [], changes: [] }
    const copy = await restored(Buffer.concat([...encodeSnapshot(content, { salt: 1, number: 1 })]))
    expect(await copy.range({ key: 'a' })).toMatchObject({ revision: 9, kvs: [state] })
  })
})

describe('a restore that moves the revision ahead', () => {
  it('never shows another thing under a number that somebody has seen', async () => {
    await put('a', '1')
    await put('b', '1')
    const bytes = await taken()
    // What comes after the backup is lost, but others have seen it.
    const lost = await put('a', 'lost')
    const copy = await restored(bytes, { bumpRevision: 1000 })
    expect(copy.revision).toBe(1003)
    expect((await copy.range({ key: 'a' })).kvs[0]).toMatchObject({ modRevision: 2, version: 1 })
    await expect(copy.range({ key: 'a', revision: lost })).rejects.toThrow(CompactedError)
    await expect(eventsFrom(copy, lost)).rejects.toThrow(CompactedError)
    const success = [{ type: 'put', key: 'a', value: Buffer.from('2') } as const]
    expect(await copy.txn({ compare: [], success, failure: [] })).toMatchObject({ revision: 1004 })
    expect(await eventsFrom(copy, 1003)).toEqual(['1004 put a=2'])
    expect((await copy.range({ key: 'a' })).kvs[0]).toMatchObject({ createRevision: 2, modRevision: 1004, version: 2 })
  })
})

describe('the hash of the keys', () => {
  it('is that of another store with the same states, and of no other', async () => {
    await put('a', '1')
    await put('b', '1')
    const before = await store.hashKeys()
    await put('b', '2')
    expect((await store.hashKeys(3)).hash).toBe(before.hash)
    expect((await store.hashKeys()).hash).not.toBe(before.hash)
    await expect(store.hashKeys(99)).rejects.toThrow('future revision')
  })

  // As Debian's etcd 3.4.23 answered `etcdctl endpoint hashkv` after the same commands.
  it('is the one that etcd takes', async () => {
    for (let i = 1; i <= 30; i++) await put(`/k/${i % 7}`, `value ${i}`)
    await remove('/k/3')
    await store.txn({ compare: [], success: [{ type: 'delete', key: '/k/', rangeEnd: '/k0' }], failure: [] })
    await put('/k/1', 'again')
    expect((await store.hashKeys()).hash).toBe(2158937289)
    await store.compact(20)
    expect((await store.hashKeys()).hash).toBe(185433658)
  })
})
