import type { Job } from 'kubernetes-types/batch/v1'
import type { Pod } from 'kubernetes-types/core/v1'
import { describe, expect, it } from 'vitest'
import { countPods as countPodsAt } from './count-pods.ts'
import { endOf } from './job-end.ts'
import { job, NOW, pod } from './testing/some-pods.ts'

const countPods = (of: Job, pods: Pod[]) => countPodsAt(of, pods, NOW)
const indexed = { completionMode: 'Indexed' }

describe('the end', () => {
  const end = (spec: object, status: object, pods: Pod[] = []) =>
    endOf(job(spec, status), countPods(job(spec, status), pods), NOW)?.reason
  it.each([
    ['not yet', {}, { succeeded: 2 }, [], undefined],
    ['enough have succeeded', {}, { succeeded: 3 }, [], 'CompletionsReached'],
    [
      'one has succeeded and none runs, where no number is told',
      { completions: undefined },
      { succeeded: 1 },
      [],
      'CompletionsReached',
    ],
    ['one has succeeded and others run', { completions: undefined }, { succeeded: 1 }, [pod('a')], undefined],
    [
      'more failures than allowed',
      { backoffLimit: 1 },
      { failed: 1 },
      [pod('a', { phase: 'Failed' })],
      'BackoffLimitExceeded',
    ],
    ['as many failures as allowed', { backoffLimit: 1 }, { failed: 1 }, [], undefined],
    ['too long', { activeDeadlineSeconds: 60 }, { startTime: '2026-01-01T00:59:00Z' }, [], 'DeadlineExceeded'],
    [
      'not for ages',
      { activeDeadlineSeconds: (2n ** 62n) as never },
      { startTime: '2026-01-01T00:59:00Z' },
      [],
      undefined,
    ],
    ['not too long', { activeDeadlineSeconds: 61 }, { startTime: '2026-01-01T00:59:00Z' }, [], undefined],
    [
      'enough by its success policy',
      { ...indexed, successPolicy: { rules: [{ succeededIndexes: '0,2', succeededCount: 1 }] } },
      { completedIndexes: '2' },
      [],
      'SuccessPolicy',
    ],
    [
      'no wanted index is left to its success policy',
      { ...indexed, completions: 2, successPolicy: { rules: [{ succeededIndexes: '5' }] } },
      { completedIndexes: '0' },
      [],
      undefined,
    ],
    [
      'more failures than allowed, where an index waits',
      { ...indexed, backoffLimit: 0, backoffLimitPerIndex: 3 },
      {},
      [pod('a', { phase: 'Failed', index: 0 })],
      'BackoffLimitExceeded',
    ],
    [
      'all indexes done, one of them badly',
      { ...indexed, backoffLimitPerIndex: 0 },
      { completedIndexes: '0,1', failedIndexes: '2' },
      [],
      'FailedIndexes',
    ],
    [
      'more indexes failed than allowed',
      { ...indexed, backoffLimitPerIndex: 0, maxFailedIndexes: 0 },
      { failedIndexes: '2' },
      [],
      'MaxFailedIndexesExceeded',
    ],
  ])('%s', (_name, spec, status, pods, reason) => {
    expect(end(spec, status, pods)).toBe(reason)
  })

  it('stays what it was called first', () => {
    const status = { succeeded: 3, conditions: [{ type: 'FailureTarget', status: 'True', reason: 'DeadlineExceeded' }] }
    expect(end({}, status)).toBe('DeadlineExceeded')
  })
})
