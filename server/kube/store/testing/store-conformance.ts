// What every store must do, ours and a real etcd alike: one table of cases for the interface.

import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { prefixEnd } from '../key-range.ts'
import { CompactedError, FutureRevisionError, type KeyValue, type Store, type Watch } from '../store.ts'

export interface Started {
  store: Store
  stop(): Promise<void>
}

let store: Store
/** The revision of the store when a case begins: 1 unless the store was used before. */
let first: number

/** The revisions of a case, as if the store were new. */
const at = (revision: number) => first - 1 + revision

async function put(key: string, value: string, lease = 0n): Promise<number> {
  const operation = { type: 'put', key, value: Buffer.from(value), lease } as const
  return (await store.txn({ compare: [], success: [operation], failure: [] })).revision
}

async function remove(key: string, rangeEnd?: string): Promise<number> {
  const operation = { type: 'delete', key, ...(rangeEnd && { rangeEnd }) } as const
  return (await store.txn({ compare: [], success: [operation], failure: [] })).revision
}

async function get(key: string, revision?: number): Promise<string | undefined> {
  const { kvs } = await store.range({ key, ...(revision && { revision }) })
  return kvs[0]?.value.toString()
}

async function until(holds: () => boolean): Promise<void> {
  while (!holds()) await new Promise((resolve) => setImmediate(resolve))
}

function watch(key: string, more: { rangeEnd?: string; startRevision?: number; prevKv?: boolean } = {}) {
  const seen = { log: [] as string[], ended: undefined as Error | undefined, progress: [] as number[] }
  const handle: Watch = store.watch(
    { key, ...more },
    {
      events(revision, events) {
        const told = events.map(({ type, kv, prevKv }) => {
          const before = prevKv ? `(${prevKv.value})` : ''
          return type === 'put' ? `+${kv.key}=${kv.value}${before}` : `-${kv.key}${before}`
        })
        seen.log.push(`${revision} ${told.join(' ')}`)
      },
      ended(error) {
        seen.ended = error
      },
      progress: (revision) => seen.progress.push(revision),
    },
  )
  return { seen, handle }
}

/** `start` is asked for a store without keys and leases before each case. */
export function describeStore(name: string, start: () => Promise<Started>): void {
  describe(name, () => {
    let started: Started

    beforeEach(async () => {
      started = await start()
      store = started.store
      first = await store.newestRevision()
    })

    afterEach(() => started.stop())

    revisions()
    ranges()
    transactions()
    watches()
    compactionAndLeases()
  })
}

function revisions(): void {
  describe('revisions', () => {
    it('counts one for each transaction that changes something', async () => {
      expect(await put('a', '1')).toBe(at(2))
      expect(await put('b', '1')).toBe(at(3))
      expect(await remove('nothing')).toBe(at(3))
      expect(store.revision).toBe(at(3))
    })

    it('counts versions from the creation of a key, and anew after its deletion', async () => {
      await put('a', '1')
      await put('a', '2')
      const { kvs } = await store.range({ key: 'a' })
      expect(kvs[0]).toMatchObject({ createRevision: at(2), modRevision: at(3), version: 2 })
      await remove('a')
      await put('a', '3')
      const [again] = (await store.range({ key: 'a' })).kvs
      expect(again).toMatchObject({ createRevision: at(5), modRevision: at(5), version: 1 })
    })

    it('answers as of any revision of the past, and refuses those to come', async () => {
      await put('a', '1')
      await put('a', '2')
      await remove('a')
      const seen = await Promise.all([1, 2, 3, 4].map((revision) => get('a', at(revision))))
      expect(seen).toEqual([undefined, '1', '2', undefined])
      await expect(store.range({ key: 'a', revision: at(5) })).rejects.toThrow(FutureRevisionError)
    })
  })
}

function ranges(): void {
  describe('range', () => {
    beforeEach(async () => {
      for (const key of ['/a/1', '/a/2', '/a/3', '/b/1', '\xff\xff']) await put(key, key)
    })

    it.each([
      { name: 'one key', request: { key: '/a/2' }, keys: ['/a/2'] },
      { name: 'up to an exclusive end', request: { key: '/a/1', rangeEnd: '/a/3' }, keys: ['/a/1', '/a/2'] },
      { name: 'a prefix', request: { key: '/a/', rangeEnd: prefixEnd('/a/') }, keys: ['/a/1', '/a/2', '/a/3'] },
      { name: 'to the end', request: { key: '/b', rangeEnd: '\0' }, keys: ['/b/1', '\xff\xff'] },
      { name: 'a prefix of 0xff', request: { key: '\xff', rangeEnd: prefixEnd('\xff') }, keys: ['\xff\xff'] },
      { name: 'an end before the start', request: { key: '/b', rangeEnd: '/a' }, keys: [] },
    ])('reads $name', async ({ request, keys }) => {
      const { kvs, count, more } = await store.range(request)
      expect(kvs.map((kv) => kv.key)).toEqual(keys)
      expect({ count, more }).toEqual({ count: keys.length, more: false })
    })

    it('counts all though it returns no more than the limit', async () => {
      const range = await store.range({ key: '/a/', rangeEnd: '/a0', limit: 2 })
      expect(range).toMatchObject({ count: 3, more: true, kvs: [{ key: '/a/1' }, { key: '/a/2' }] })
      expect(await store.range({ key: '/a/', rangeEnd: '/a0', countOnly: true })).toMatchObject({ count: 3, kvs: [] })
      expect((await store.range({ key: '/a/1', keysOnly: true })).kvs[0]?.value.length).toBe(0)
    })

    it('refuses an empty key', async () => {
      await expect(store.range({ key: '' })).rejects.toThrow('key is not provided')
    })
  })
}

function transactions(): void {
  describe('transactions', () => {
    it('lets exactly one of many concurrent compare-and-swaps win each round', async () => {
      await put('counter', '0')
      let increments = 0
      const increment = async (before: KeyValue) => {
        const { succeeded } = await store.txn({
          compare: [{ key: 'counter', target: 'mod', result: '=', value: before.modRevision }],
          success: [{ type: 'put', key: 'counter', value: Buffer.from(String(Number(before.value) + 1)) }],
          failure: [],
        })
        if (succeeded) increments++
      }
      for (let round = 0; round < 20; round++) {
        // All have seen the same revision; whoever looked again after a win could win too.
        const { kvs } = await store.range({ key: 'counter' })
        await Promise.all(Array.from({ length: 8 }, () => increment(kvs[0]!)))
      }
      expect(increments).toBe(20)
      expect(await get('counter')).toBe('20')
    })

    it('runs the failure branch and returns what is there', async () => {
      await put('a', '1')
      const response = await store.txn({
        compare: [{ key: 'a', target: 'create', result: '=', value: 0 }],
        success: [{ type: 'put', key: 'a', value: Buffer.from('2') }],
        failure: [{ type: 'range', key: 'a' }],
      })
      expect(response).toMatchObject({ succeeded: false, revision: at(2), responses: [{ type: 'range', count: 1 }] })
    })

    it.each([
      { compare: { key: 'a', target: 'mod', result: '=', value: 3 }, holds: true, isRevision: true },
      { compare: { key: 'a', target: 'version', result: '>', value: 1 }, holds: true },
      { compare: { key: 'a', target: 'version', result: '<', value: 2 }, holds: false },
      { compare: { key: 'a', target: 'create', result: '!=', value: 2 }, holds: false, isRevision: true },
      { compare: { key: 'a', target: 'value', result: '=', value: Buffer.from('y') }, holds: true },
      { compare: { key: 'a', target: 'value', result: '>', value: Buffer.from('x') }, holds: true },
      { compare: { key: 'absent', target: 'mod', result: '=', value: 0 }, holds: true },
      { compare: { key: 'absent', target: 'value', result: '!=', value: Buffer.from('x') }, holds: false },
      { compare: { key: 'a', rangeEnd: 'z', target: 'version', result: '>', value: 0 }, holds: true },
      { compare: { key: 'a', rangeEnd: 'z', target: 'version', result: '=', value: 2 }, holds: false },
      { compare: { key: 'x', rangeEnd: 'z', target: 'version', result: '=', value: 0 }, holds: true },
    ] as const)('finds $compare to be $holds', async ({ compare, holds, ...more }) => {
      await put('a', 'x')
      await put('a', 'y')
      await put('b', 'x')
      const value = 'isRevision' in more ? at(compare.value as number) : compare.value
      const { succeeded } = await store.txn({ compare: [{ ...compare, value }], success: [], failure: [] })
      expect(succeeded).toBe(holds)
    })

    it('makes one revision of many operations, and reads its own writes', async () => {
      await put('old', '1')
      const { revision, responses } = await store.txn({
        compare: [],
        success: [
          { type: 'put', key: 'a', value: Buffer.from('1') },
          { type: 'range', key: 'a' },
          { type: 'delete', key: 'old', prevKv: true },
          {
            type: 'txn',
            compare: [{ key: 'a', target: 'create', result: '=', value: 0 }],
            success: [{ type: 'put', key: 'b', value: Buffer.from('1') }],
            failure: [],
          },
        ],
        failure: [],
      })
      expect(revision).toBe(at(3))
      expect(responses).toMatchObject([
        { type: 'put' },
        { type: 'range', kvs: [{ key: 'a', modRevision: at(3) }] },
        { type: 'delete', deleted: 1, prevKvs: [{ key: 'old' }] },
        { type: 'txn', succeeded: true },
      ])
      expect((await store.range({ key: 'b' })).kvs[0]?.modRevision).toBe(at(3))
    })

    it.each([
      {
        name: 'twice put',
        operations: [
          { type: 'put', key: 'a', value: Buffer.from('1') },
          { type: 'put', key: 'a', value: Buffer.from('2') },
        ],
      },
      {
        name: 'put and deleted',
        operations: [
          { type: 'delete', key: 'a', rangeEnd: 'c' },
          { type: 'put', key: 'b', value: Buffer.from('2') },
        ],
      },
    ] as const)('refuses a key that is $name, and changes nothing', async ({ operations }) => {
      await expect(store.txn({ compare: [], success: [...operations], failure: [] })).rejects.toThrow('duplicate key')
      expect(await put('c', '1')).toBe(at(2))
    })

    it('changes nothing when a later operation cannot be done', async () => {
      const success = [
        { type: 'put', key: 'a', value: Buffer.from('1') },
        { type: 'put', key: 'b', value: Buffer.from('1'), lease: 99n },
      ] as const
      await expect(store.txn({ compare: [], success: [...success], failure: [] })).rejects.toThrow('lease not found')
      expect(await get('a')).toBeUndefined()
    })

    it('refuses a request that is too large with the words etcd has for it', async () => {
      await expect(put('a', 'x'.repeat(1.7 * 1024 * 1024))).rejects.toThrow('etcdserver: request is too large')
    })
  })
}

function watches(): void {
  describe('a watch', () => {
    it('replays history and goes on live, in order, without gap or duplicate', async () => {
      await Promise.all(Array.from({ length: 1500 }, () => put('a', '1')))
      const { seen, handle } = watch('a', { startRevision: at(2) })
      for (let more = 0; more < 50; more++) await put('a', '2')
      await until(() => seen.log.length >= 1550)
      const revisions = seen.log.map((line) => Number.parseInt(line, 10))
      expect(revisions).toEqual(Array.from({ length: 1550 }, (_, i) => at(i + 2)))
      handle[Symbol.dispose]()
    })

    it('tells all of a revision together, only what is in its range, and what was there before', async () => {
      const { seen } = watch('b', { rangeEnd: 'd', startRevision: at(2), prevKv: true })
      await store.txn({
        compare: [],
        success: ['a', 'b', 'c', 'd'].map((key) => ({ type: 'put', key, value: Buffer.from('1') })),
        failure: [],
      })
      await remove('a', 'z')
      await put('b', '2')
      await until(() => seen.log.length === 3)
      expect(seen.log).toEqual([`${at(2)} +b=1 +c=1`, `${at(3)} -b(1) -c(1)`, `${at(4)} +b=2`])
    })

    it('from now on hears of nothing that was', async () => {
      await put('a', '1')
      const { seen, handle } = watch('a')
      await until(() => seen.progress.length === 1)
      await put('a', '2')
      await until(() => seen.log.length === 1)
      expect(seen.log).toEqual([`${at(3)} +a=2`])
      handle.requestProgress()
      await until(() => seen.progress.length === 2)
      expect(seen.progress).toEqual([at(2), at(3)])
    })

    it('ends with CompactedError when its start is compacted, but may start at exactly that revision', async () => {
      await put('a', '1')
      await put('a', '2')
      await put('b', '3')
      await store.compact(at(4))
      const before = watch('a', { startRevision: at(3) })
      const from = watch('b', { startRevision: at(4) })
      await until(() => before.seen.ended !== undefined && from.seen.log.length === 1)
      expect(before.seen.ended).toBeInstanceOf(CompactedError)
      expect((before.seen.ended as CompactedError).compactRevision).toBe(at(4))
      expect(from.seen.log).toEqual([`${at(4)} +b=3`])
    })

    it('hears nothing once it is disposed or aborted', async () => {
      const first = watch('a')
      await until(() => first.seen.progress.length === 1)
      first.handle[Symbol.dispose]()
      const second = watch('a', { startRevision: at(2) })
      await put('a', '1')
      await until(() => second.seen.log.length === 1)
      expect(first.seen.log).toEqual([])
      expect(store.status().watchers).toBe(1)
    })
  })
}

function compactionAndLeases(): void {
  it('forgets what was superseded before a compaction and keeps what lives', async () => {
    await put('a', '1')
    await put('a', '2')
    await put('b', '1')
    await remove('b')
    await put('c', '1')
    await store.compact(at(5))
    await expect(get('a', at(4))).rejects.toThrow(CompactedError)
    expect([await get('a', at(5)), await get('b', at(5)), await get('c')]).toEqual(['2', undefined, '1'])
    await expect(store.compact(at(5))).rejects.toThrow(CompactedError)
    await expect(store.compact(at(7))).rejects.toThrow(FutureRevisionError)
  })

  it('deletes the keys of a lease in one revision when it is revoked', async () => {
    const { id } = await store.grantLease(60)
    await put('a', '1', id)
    await put('b', '1', id)
    await put('c', '1', id)
    await put('c', '2')
    expect(await store.timeToLive(id)).toMatchObject({ ttlSeconds: 60, keys: ['a', 'b'] })
    expect(await store.keepAliveLease(id)).toEqual({ id, ttlSeconds: 60 })
    expect(await store.leases()).toEqual([id])
    await expect(store.grantLease(60, id)).rejects.toThrow('lease already exists')
    await store.revokeLease(id)
    expect(await store.range({ key: 'a', rangeEnd: 'z' })).toMatchObject({ count: 1, revision: at(6) })
    await expect(store.keepAliveLease(id)).rejects.toThrow('requested lease not found')
    await expect(store.timeToLive(id)).rejects.toThrow('requested lease not found')
    await expect(store.revokeLease(id)).rejects.toThrow('requested lease not found')
    await expect(put('d', '1', id)).rejects.toThrow('requested lease not found')
  })

  it.each([1n, 2n ** 53n + 1n, 2n ** 63n - 1n, -1n, -(2n ** 63n)])('takes %d as the id of a lease', async (id) => {
    expect(await store.grantLease(60, id)).toEqual({ id, ttlSeconds: 60 })
    await put('a', '1', id)
    expect((await store.range({ key: 'a' })).kvs[0]?.lease).toBe(id)
    const compare = [
      { key: 'a', target: 'lease', result: '=', value: id },
      { key: 'a', target: 'lease', result: id > 0 ? '>' : '<', value: 0n },
    ] as const
    expect((await store.txn({ compare: [...compare], success: [], failure: [] })).succeeded).toBe(true)
    expect(await store.timeToLive(id)).toMatchObject({ id, keys: ['a'] })
    expect(await store.keepAliveLease(id)).toEqual({ id, ttlSeconds: 60 })
    await store.revokeLease(id)
    expect((await store.range({ key: 'a' })).count).toBe(0)
  })

  it('grants no lease for less than two seconds', async () => {
    expect((await store.grantLease(1)).ttlSeconds).toBe(2)
  })
}
