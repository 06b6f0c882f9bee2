import type { Job } from 'kubernetes-types/batch/v1'
import type { Pod } from 'kubernetes-types/core/v1'
import { describe, expect, it } from 'vitest'
import { formatIndexes } from '../../kinds/batch/indexes.ts'
import { countPods as countPodsAt, countTheRest } from './count-pods.ts'
import { indexFailures, triesBefore } from './job-pods.ts'
import { job, NOW, pod } from './testing/some-pods.ts'

const countPods = (of: Job, pods: Pod[]) => countPodsAt(of, pods, NOW)
const uids = (pods: readonly Pod[]) => pods.map(({ metadata }) => metadata?.uid)
const indexed = { completionMode: 'Indexed' }

describe('counting', () => {
  it('names a pod that has ended before it becomes a number, and counts it once it has let go', () => {
    const first = countPods(job(), [pod('a', { phase: 'Succeeded' }), pod('b', { phase: 'Failed' }), pod('c')])
    expect(first).toMatchObject({ succeeded: 0, failed: 0, uncounted: { succeeded: ['a'], failed: ['b'] } })
    expect(first.done.map(({ metadata }) => metadata?.uid)).toEqual(['a', 'b'])
    const status = { uncountedTerminatedPods: { succeeded: ['a'], failed: ['b'] } }
    const held = countPods(job({}, status), [
      pod('a', { phase: 'Succeeded' }),
      pod('b', { phase: 'Failed', tracked: false }),
    ])
    expect(held).toMatchObject({ succeeded: 0, failed: 1, uncounted: { succeeded: ['a'], failed: [] } })
    const gone = countPods(job({}, status), [])
    expect(gone).toMatchObject({ succeeded: 1, failed: 1, uncounted: { succeeded: [], failed: [] } })
  })

  it('does not count a pod without its mark', () => {
    expect(countPods(job(), [pod('a', { phase: 'Succeeded', tracked: false })]).uncounted.succeeded).toEqual([])
  })

  it('takes a pod on its way out for failed, unless the Job waits until it is known', () => {
    expect(countPods(job(), [pod('a', { going: true })]).uncounted.failed).toEqual(['a'])
    expect(countPods(job({ podReplacementPolicy: 'Failed' }), [pod('a', { going: true })]).uncounted.failed).toEqual([])
  })

  it('keeps indexes and not numbers where the Job is indexed', () => {
    const pods = [
      pod('a', { phase: 'Succeeded', index: 2 }),
      pod('b', { phase: 'Succeeded', index: 2 }),
      pod('c', { phase: 'Succeeded', index: 9 }),
    ]
    const counts = countPods(job(indexed, { completedIndexes: '0' }), pods)
    expect(formatIndexes(counts.completed)).toBe('0,2')
    expect(counts.succeeded).toBe(2)
    expect(counts.done).toHaveLength(3)
  })

  it('remembers by its last pod how often an index has failed, and gives it up after too often', () => {
    const spec = { ...indexed, backoffLimitPerIndex: 1 }
    const once = countPods(job(spec), [pod('a', { phase: 'Failed', index: 1 })])
    expect(indexFailures(once.replaced.get(1), false)).toEqual({ 'batch.kubernetes.io/job-index-failure-count': '1' })
    expect(once.done, 'nobody else knows it yet').toEqual([])
    const followed = countPods(job(spec), [
      pod('a', { phase: 'Failed', index: 1 }),
      pod('b', { index: 1, failures: 1 }),
    ])
    expect(followed.done.map(({ metadata }) => metadata?.uid)).toEqual(['a'])
    const unseen = countPods(job(spec), [
      pod('a', { phase: 'Failed', index: 1 }),
      pod('b', { phase: 'Failed', index: 1, failures: 1 }),
    ])
    expect(unseen.uncounted.failed, 'the next one ended before it was seen to run').toEqual(['a', 'b'])
    const twice = countPods(job(spec), [pod('b', { phase: 'Failed', index: 1, failures: 1 })])
    expect([...twice.failedIndexes]).toEqual([1])
  })

  it('lets an index wait after a failure that was ignored, as long as after others', () => {
    const rules = [{ action: 'Ignore', onPodConditions: [{ type: 'DisruptionTarget', status: 'True' }] }]
    const spec = { ...indexed, backoffLimitPerIndex: 1, podFailurePolicy: { rules } }
    const { replaced } = countPods(job(spec), [pod('a', { phase: 'Failed', index: 1, condition: 'DisruptionTarget' })])
    expect(uids([...replaced.values()])).toEqual(['a'])
    const annotations = indexFailures(replaced.get(1), true)
    expect(annotations).toEqual({
      'batch.kubernetes.io/job-index-failure-count': '0',
      'batch.kubernetes.io/job-index-ignored-failure-count': '1',
    })
    expect(triesBefore({ metadata: { annotations } })).toBe(1)
  })

  it('takes no failure of an index that nobody wants', () => {
    const counts = countPods(job(indexed), [pod('a', { phase: 'Failed', index: 9 }), pod('b', { phase: 'Failed' })])
    expect(counts.uncounted.failed).toEqual([])
    expect(uids(counts.done)).toEqual(['a', 'b'])
  })

  it('waits for no pod when all is over: of a Job that has failed they failed too', () => {
    const spec = { ...indexed, backoffLimitPerIndex: 1, podReplacementPolicy: 'Failed' }
    const pods = [pod('a', { phase: 'Failed', index: 0 }), pod('b', { index: 1, going: true }), pod('c', { index: 2 })]
    const failed = countPods(job(spec), pods)
    countTheRest(job(spec), pods, failed, true)
    expect(failed.uncounted.failed).toEqual(['a', 'b', 'c'])
    const deleted = countPods(job(spec), pods)
    countTheRest(job(spec), pods, deleted, false)
    expect(deleted.uncounted.failed).toEqual(['a'])
    expect(uids(deleted.done)).toEqual(['a', 'b', 'c'])
  })
})
