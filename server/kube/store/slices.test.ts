// More keys and revisions than are looked at in one turn: what is done in slices is done whole.

import { expect, it } from 'vitest'
import { FakeClock } from '../../base/clock.ts'
import { openStore, type Store } from './store.ts'
import { PowerLossDisk } from './testing/power-loss-disk.ts'

const MANY = 4500
const EVERYTHING = { key: '\0', rangeEnd: '\0' }

const open = (disk: PowerLossDisk) => openStore({ directory: '/store', clock: new FakeClock(), disk, growBytes: 0 })

/** Each in a revision of its own. */
async function putAll(store: Store): Promise<void> {
  const puts = Array.from({ length: MANY }, (_, i) =>
    store.txn({ compare: [], success: [{ type: 'put', key: `key-${i}`, value: Buffer.from(String(i)) }], failure: [] }),
  )
  await Promise.all(puts)
}

it('a compaction forgets every key that was gone by then, and none that came meanwhile', async () => {
  const store = await open(new PowerLossDisk())
  await putAll(store)
  const deleted = Array.from({ length: MANY }, (_, i) =>
    store.txn({ compare: [], success: [{ type: 'delete', key: `key-${i}` }], failure: [] }),
  )
  await Promise.all(deleted)
  expect(store.status().keys).toBe(MANY)
  const compacted = store.compact(store.revision)
  const meanwhile = store.txn({
    compare: [],
    success: [{ type: 'put', key: 'key-1', value: Buffer.from('new') }],
    failure: [],
  })
  await Promise.all([compacted, meanwhile])
  expect(store.status().keys).toBe(1)
  expect((await store.range(EVERYTHING)).kvs.map(({ value }) => String(value))).toEqual(['new'])
  await store.close()
})

it('the snapshot of a compaction holds every key, as it was, whatever is written while it is made', async () => {
  const disk = new PowerLossDisk()
  const store = await open(disk)
  await putAll(store)
  await store.compact(store.revision)
  const made = store.defragment()
  for (let i = 0; i < 40; i++) {
    const operation = { type: 'put', key: `key-${i * 100}`, value: Buffer.from('changed') } as const
    await store.txn({ compare: [], success: [operation], failure: [] })
  }
  await made
  const told = async (of: Store) => (await of.range(EVERYTHING)).kvs.map(({ key, value }) => `${key}=${value}`)
  const before = await told(store)
  expect(before.length).toBe(MANY)
  await store.close()
  const again = await open(disk)
  expect(await told(again)).toEqual(before)
  expect((await again.range({ key: 'key-100', revision: MANY + 1 })).kvs[0]?.value.toString()).toBe('100')
  await again.close()
})
