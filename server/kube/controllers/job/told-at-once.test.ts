import { expect, it } from 'vitest'
import { formatIndexes } from '../../kinds/batch/indexes.ts'
import { countPods } from './count-pods.ts'
import { job, NOW, pod } from './testing/some-pods.ts'
import { tellOfSome } from './told-at-once.ts'

const ended = (count: number, isIndexed = false) =>
  Array.from({ length: count }, (_, at) =>
    pod(String(at), { phase: 'Succeeded', ...(isIndexed ? { index: count - 1 - at } : {}) }),
  )

// In the manner of upstream's TestTrackJobStatusAndRemoveFinalizers.
it('tells of 500 pods at once, with those that are named already', () => {
  const pods = [...ended(500), pod('b', { phase: 'Failed' })]
  const told = job({}, { uncountedTerminatedPods: { failed: ['a', 'b'] } })
  const counts = countPods(told, pods, NOW)
  tellOfSome(told, counts)
  expect([counts.succeeded, counts.failed]).toEqual([0, 1])
  expect([counts.uncounted.succeeded.length, counts.uncounted.failed]).toEqual([499, ['b']])
  expect(counts.uncounted.succeeded.includes('499')).toBe(false)
  expect(counts.done).toHaveLength(500)
})

it('tells of the first 500 indexes', () => {
  const told = job({ completionMode: 'Indexed', completions: 501 })
  const counts = countPods(told, ended(501, true), NOW)
  tellOfSome(told, counts)
  expect([formatIndexes(counts.completed), counts.succeeded, counts.done.length]).toEqual(['0-499', 500, 500])
})

it('leaves fewer as they are, those too that count for nothing', () => {
  const told = job({ completionMode: 'Indexed', completions: 3 }, { completedIndexes: '0' })
  const pods = [
    pod('a', { phase: 'Succeeded', index: 0 }),
    pod('b', { phase: 'Succeeded', index: 1 }),
    pod('c', { phase: 'Succeeded', index: 1 }),
    pod('d', { phase: 'Failed', index: 1 }),
    pod('e', { phase: 'Succeeded' }),
  ]
  const counts = countPods(told, pods, NOW)
  const before = { ...counts, uncounted: { ...counts.uncounted } }
  tellOfSome(told, counts)
  expect(counts).toEqual(before)
  tellOfSome(told, counts, 1)
  expect(counts.done.map(({ metadata }) => metadata?.uid)).toEqual(['a', 'b', 'e'])
  expect([formatIndexes(counts.completed), counts.uncounted.failed]).toEqual(['0,1', []])
})
