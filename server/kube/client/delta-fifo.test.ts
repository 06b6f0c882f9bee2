import type { ConfigMap } from 'kubernetes-types/core/v1'
import { expect, it } from 'vitest'
import { DeltaFifo } from './delta-fifo.ts'
import { IndexedCache } from './indexed-cache.ts'

const map = (name: string, resourceVersion = '1'): ConfigMap => ({ metadata: { name, resourceVersion } })

function drain(fifo: DeltaFifo<ConfigMap>): string[] {
  const seen: string[] = []
  fifo.drain((key, deltas) =>
    seen.push(`${key}: ${deltas.map(({ type, object }) => `${type} ${object.metadata?.resourceVersion}`).join(', ')}`),
  )
  return seen
}

it('hands out a key once, with all that happened to it, in the order of first mention', () => {
  const fifo = new DeltaFifo<ConfigMap>(new IndexedCache())
  fifo.add(map('a'))
  fifo.add(map('b'))
  fifo.update(map('a', '2'))
  fifo.delete(map('a', '3'))
  expect(drain(fifo)).toEqual(['a: Added 1, Updated 2, Deleted 3', 'b: Added 1'])
})

it('says how many keys are left while they are handed out', () => {
  const fifo = new DeltaFifo<ConfigMap>(new IndexedCache())
  for (const name of ['a', 'b', 'c']) fifo.add(map(name))
  const left: number[] = []
  fifo.drain(() => left.push(fifo.length))
  expect(left).toEqual([2, 1, 0])
})

it('folds two deletions into the one that saw the end', () => {
  const cache = new IndexedCache<ConfigMap>()
  cache.put(map('a'))
  const fifo = new DeltaFifo<ConfigMap>(cache)
  fifo.replace([])
  fifo.delete(map('a', '9'))
  expect(drain(fifo)).toEqual(['a: Deleted 9'])
})

it('takes what a new list does not hold for deleted, known or still in the line', () => {
  const cache = new IndexedCache<ConfigMap>()
  cache.put(map('known', '4'))
  const fifo = new DeltaFifo<ConfigMap>(cache)
  fifo.add(map('in-line', '5'))
  fifo.replace([map('listed', '6')])
  expect(drain(fifo)).toEqual([
    'in-line: Added 5, DeletedFinalStateUnknown 5',
    'listed: Replaced 6',
    'known: DeletedFinalStateUnknown 4',
  ])
})

it('has synced when the whole first list has been taken out, and at once when it is empty', () => {
  const fifo = new DeltaFifo<ConfigMap>(new IndexedCache())
  expect(fifo.hasSynced()).toBe(false)
  fifo.replace([map('a'), map('b')])
  const whileTaken: boolean[] = []
  fifo.drain(() => whileTaken.push(fifo.hasSynced()))
  expect(whileTaken).toEqual([false, true])
  const empty = new DeltaFifo<ConfigMap>(new IndexedCache())
  empty.replace([])
  expect(empty.hasSynced()).toBe(true)
})

it('resyncs what is known, but not what has news on the way', () => {
  const cache = new IndexedCache<ConfigMap>()
  cache.put(map('a', '1'))
  cache.put(map('b', '1'))
  const fifo = new DeltaFifo<ConfigMap>(cache)
  fifo.update(map('a', '2'))
  fifo.resync()
  expect(drain(fifo)).toEqual(['a: Updated 2', 'b: Sync 1'])
})
