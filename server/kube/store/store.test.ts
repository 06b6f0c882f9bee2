import { mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { FakeClock } from '../../base/clock.ts'
import {
  CompactedError,
  FutureRevisionError,
  type OpenStoreOptions,
  openStore,
  type Store,
  StoreLockedError,
} from './store.ts'
import { describeStore } from './testing/store-conformance.ts'

let directory: string
let clock: FakeClock
let store: Store

const open = (more: Partial<OpenStoreOptions> = {}) => openStore({ directory, clock, ...more })

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'podium-store-'))
  clock = new FakeClock()
  store = await open()
})

afterEach(async () => {
  await store.close()
  await rm(directory, { recursive: true, force: true })
})

const reopen = async () => {
  await store.close()
  store = await open()
}

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

interface Seen {
  log: string[]
  ended?: Error
  progress: number[]
}

/** Collects what a watch sees as `revision+key=value` or `revision-key`, with what was there before in brackets. */
function watch(key: string, more: { rangeEnd?: string; startRevision?: number; prevKv?: boolean } = {}) {
  const seen: Seen = { log: [], progress: [] }
  const handle = store.watch(
    { key, ...more },
    {
      events(revision, events) {
        for (const { type, kv, prevKv } of events) {
          const before = prevKv ? `(${prevKv.value})` : ''
          seen.log.push(
            type === 'put' ? `${revision}+${kv.key}=${kv.value}${before}` : `${revision}-${kv.key}${before}`,
          )
        }
      },
      ended(error) {
        seen.ended = error
      },
      progress: (revision) => seen.progress.push(revision),
    },
  )
  return { seen, handle }
}

const turn = () => new Promise((resolve) => setImmediate(resolve))

describeStore('our own store', async () => ({ store, stop: async () => {} }))

describe('watches', () => {
  it('replays history and goes on live, in order, without gap or duplicate', async () => {
    await Promise.all(Array.from({ length: 2500 }, (_, i) => put('a', String(i))))
    const { seen } = watch('a', { startRevision: 2 })
    // Written while the replay is under way.
    while (seen.progress.length === 0) await put('a', 'more')
    await put('a', 'last')
    const revisions = seen.log.map((line) => Number.parseInt(line, 10))
    expect(revisions).toEqual(Array.from({ length: store.revision - 1 }, (_, i) => i + 2))
  })

  it.each([998, 999, 1000, 1001])(
    'has no gap where a slice of replayed history ends, after %i revisions',
    async (many) => {
      await Promise.all(Array.from({ length: many }, () => put('a', '1')))
      const { seen } = watch('a', { startRevision: 2 })
      while (seen.progress.length === 0) await turn()
      await put('a', '1')
      expect(seen.log.length).toBe(many + 1)
    },
  )

  it('tells all of a revision together and only what is in its range', async () => {
    const { seen } = watch('b', { rangeEnd: 'd' })
    await turn()
    await store.txn({
      compare: [],
      success: ['a', 'b', 'c', 'd'].map((key) => ({ type: 'put', key, value: Buffer.from('1') })),
      failure: [],
    })
    await remove('a', 'z')
    expect(seen.log).toEqual(['2+b=1', '2+c=1', '3-b', '3-c'])
  })

  it('says what was there before, if asked', async () => {
    await put('a', '1')
    const { seen } = watch('a', { startRevision: 2, prevKv: true })
    await put('a', '2')
    await remove('a')
    await put('a', '3')
    await turn()
    expect(seen.log).toEqual(['2+a=1', '3+a=2(1)', '4-a(2)', '5+a=3'])
  })

  it('waits for a revision in the future', async () => {
    const { seen } = watch('a', { startRevision: 4 })
    await turn()
    for (const value of ['1', '2', '3', '4']) await put('a', value)
    expect(seen.log).toEqual(['4+a=3', '5+a=4'])
  })

  it('is not called once it is disposed or aborted', async () => {
    const disposed = watch('a')
    const abort = new AbortController()
    const aborted: number[] = []
    store.watch({ key: 'a', signal: abort.signal }, { events: (revision) => aborted.push(revision), ended: () => {} })
    await put('a', '1')
    disposed.handle[Symbol.dispose]()
    abort.abort()
    await put('a', '2')
    expect({ disposed: disposed.seen.log, aborted }).toEqual({ disposed: ['2+a=1'], aborted: [2] })
    expect(store.status().watchers).toBe(0)
  })

  it('ends with CompactedError when its start is compacted, but may start at exactly that revision', async () => {
    await put('a', '1')
    await put('a', '2')
    await remove('a')
    await store.compact(4)
    const before = watch('a', { startRevision: 3 })
    const at = watch('a', { startRevision: 4 })
    await turn()
    expect(before.seen.ended).toBeInstanceOf(CompactedError)
    expect((before.seen.ended as CompactedError).compactRevision).toBe(4)
    expect(at.seen.log).toEqual(['4-a'])
  })

  it('keeps the events from the others when one handler throws', async () => {
    let ended: Error | undefined
    store.watch(
      { key: 'a' },
      {
        events() {
          throw new Error('bug')
        },
        ended(error) {
          ended = error
        },
      },
    )
    const { seen } = watch('a')
    await turn()
    await put('a', '1')
    await put('a', '2')
    expect(seen.log).toEqual(['2+a=1', '3+a=2'])
    expect(ended?.message).toBe('bug')
  })

  it('ends when the store is closed', async () => {
    const { seen } = watch('a')
    await reopen()
    expect(seen.ended?.name).toBe('StoreClosedError')
  })

  it('says how far it has come when asked', async () => {
    const { seen, handle } = watch('a')
    await put('b', '1')
    handle.requestProgress()
    await turn()
    expect(seen.progress.at(-1)).toBe(2)
  })
})

describe('what is durable', () => {
  it('is there again after reopening: keys, history, revisions', async () => {
    await put('a', '1')
    await put('a', '2')
    await put('b', '\u0000\u00ff')
    await remove('b')
    await reopen()
    expect(store.revision).toBe(5)
    expect([await get('a'), await get('a', 2), await get('b', 4)]).toEqual(['2', '1', '\u0000\u00ff'])
    const { seen } = watch('\0', { rangeEnd: '\0', startRevision: 2 })
    await turn()
    expect(seen.log).toEqual(['2+a=1', '3+a=2', '4+b=\u0000\u00ff', '5-b'])
  })

  it('is kept from other processes while it is open', async () => {
    await expect(open()).rejects.toThrow(StoreLockedError)
  })

  it('survives many segments', async () => {
    await store.close()
    store = await open({ segmentBytes: 2000 })
    for (let i = 0; i < 200; i++) await put(`key-${i % 7}`, 'x'.repeat(100))
    expect((await readdir(directory)).filter((name) => name.startsWith('log-')).length).toBeGreaterThan(5)
    await reopen()
    expect(store.revision).toBe(201)
    expect((await store.range({ key: 'key', rangeEnd: 'kez' })).count).toBe(7)
  })

  it('refuses writes, and only those, after it was closed', async () => {
    await store.close()
    await expect(put('a', '1')).rejects.toThrow('server stopped')
    store = await open()
  })
})

describe('compaction', () => {
  it('forgets what was superseded and keeps what lives', async () => {
    await put('a', '1')
    await put('a', '2')
    await put('b', '1')
    await remove('b')
    await put('c', '1')
    await store.compact(5)
    await expect(get('a', 4)).rejects.toThrow(CompactedError)
    expect([await get('a', 5), await get('b', 5), await get('c')]).toEqual(['2', undefined, '1'])
    await expect(store.compact(5)).rejects.toThrow(CompactedError)
    await expect(store.compact(7)).rejects.toThrow(FutureRevisionError)
    await reopen()
    expect(store.compactRevision).toBe(5)
    await expect(get('a', 4)).rejects.toThrow(CompactedError)
  })

  it('gives the space back to the disk, and nothing that lives is lost', async () => {
    for (let i = 0; i < 300; i++) await put('big', 'x'.repeat(10_000))
    await put('small', 'kept')
    const before = store.status().dbSizeBytes
    await store.compact(store.revision - 2)
    await store.defragment()
    expect(store.status().dbSizeBytes).toBeLessThan(before / 10)
    await reopen()
    expect(store.revision).toBe(302)
    expect(await get('small')).toBe('kept')
    expect((await store.range({ key: 'big' })).kvs[0]).toMatchObject({ version: 300, createRevision: 2 })
    await put('after', '1')
    await reopen()
    expect(store.revision).toBe(303)
  })

  it('replays the deletes of the compacted revision even from a snapshot', async () => {
    await put('a', '1')
    await put('b', '1')
    await remove('a')
    await store.compact(4)
    await store.defragment()
    await reopen()
    const { seen } = watch('\0', { rangeEnd: '\0', startRevision: 4 })
    await turn()
    expect(seen.log).toEqual(['4-a'])
  })
})

describe('leases', () => {
  it('delete their keys, in one revision, when their time is up', async () => {
    const { id } = await store.grantLease(10)
    await put('a', '1', id)
    await put('b', '1', id)
    await put('c', '1')
    const { seen } = watch('\0', { rangeEnd: '\0' })
    await clock.advance(9_000)
    expect(await store.timeToLive(id)).toMatchObject({ ttlSeconds: 10, remainingSeconds: 1, keys: ['a', 'b'] })
    await store.keepAliveLease(id)
    await clock.advance(9_000)
    expect(seen.log).toEqual([])
    await clock.advance(1_500)
    while (store.revision < 5) await turn()
    expect(seen.log).toEqual(['5-a', '5-b'])
    await expect(store.keepAliveLease(id)).rejects.toThrow('requested lease not found')
  })

  it('let go of a key that is put without them', async () => {
    const { id } = await store.grantLease(10, 7n)
    await put('a', '1', id)
    await put('a', '2')
    await store.revokeLease(id)
    expect(await get('a')).toBe('2')
    expect(await store.leases()).toEqual([])
  })

  it('are told in the order of their ends', async () => {
    await store.grantLease(600, 1n)
    await store.grantLease(60, 2n)
    expect(await store.leases()).toEqual([2n, 1n])
  })

  it('take no more keys once their end has begun', async () => {
    await store.grantLease(10, 7n)
    const revoking = store.revokeLease(7n)
    await expect(put('late', '1', 7n)).rejects.toThrow('requested lease not found')
    await expect(store.grantLease(10, 7n)).rejects.toThrow('lease already exists')
    await revoking
    await store.grantLease(10, 7n)
  })

  it('are there again after reopening, also from a snapshot, with all their time', async () => {
    const { id } = await store.grantLease(10, -(2n ** 60n) - 1n)
    await put('a', '1', id)
    await clock.advance(5_000)
    await reopen()
    expect(await store.timeToLive(id)).toMatchObject({ remainingSeconds: 10, keys: ['a'] })
    await store.compact(2)
    await store.defragment()
    await reopen()
    expect(await store.timeToLive(id)).toMatchObject({ remainingSeconds: 10, keys: ['a'] })
    await store.revokeLease(id)
    await reopen()
    expect(await store.leases()).toEqual([])
    expect(await get('a')).toBeUndefined()
  })
})
