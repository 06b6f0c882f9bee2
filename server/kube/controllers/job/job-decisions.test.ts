import type { Job } from 'kubernetes-types/batch/v1'
import type { Pod } from 'kubernetes-types/core/v1'
import { describe, expect, it } from 'vitest'
import { formatIndexes } from '../../kinds/batch/indexes.ts'
import { delayLeftMs, failuresInARow, finishedAt } from './back-off.ts'
import { countPods as countPodsAt, countTheRest } from './count-pods.ts'
import { ruleOn } from './failure-policy.ts'
import { endOf } from './job-end.ts'
import { indexFailures, superfluous, triesBefore } from './job-pods.ts'

const NOW = Date.parse('2026-01-01T01:00:00Z')
const TRACKED = 'batch.kubernetes.io/job-tracking'

interface Told {
  phase?: string
  tracked?: boolean
  index?: number
  failures?: number
  going?: boolean
  code?: number
  ago?: number
  condition?: string
}

function pod(
  uid: string,
  { phase = 'Running', tracked = true, index, failures = 0, going, code, ago = 0, condition }: Told = {},
): Pod {
  const finishedAt = new Date(NOW - ago * 1000).toISOString()
  return {
    metadata: {
      uid,
      name: uid,
      namespace: 'default',
      ...(tracked ? { finalizers: [TRACKED] } : {}),
      ...(going ? { deletionTimestamp: finishedAt } : {}),
      annotations:
        index === undefined
          ? {}
          : {
              'batch.kubernetes.io/job-completion-index': String(index),
              'batch.kubernetes.io/job-index-failure-count': String(failures),
            },
    },
    status: {
      phase,
      conditions: condition ? [{ type: condition, status: 'True' }] : [],
      containerStatuses:
        code === undefined
          ? []
          : [
              {
                name: 'main',
                ready: false,
                restartCount: 0,
                image: '',
                imageID: '',
                state: { terminated: { exitCode: code, finishedAt } },
              },
            ],
    },
  }
}
const job = (spec: object = {}, status: object = {}): Job => ({
  metadata: { name: 'pi', namespace: 'default' },
  spec: { completions: 3, parallelism: 2, backoffLimit: 6, completionMode: 'NonIndexed', template: {}, ...spec },
  status,
})
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

it.each<[what: string, spec: object, atLeast: number, expected: string[]]>([
  ['nobody', {}, 0, []],
  ['those that have done least', {}, 2, ['waits', 'twice']],
  [
    'of an index all but one, and those without a wanted one',
    { completionMode: 'Indexed', completions: 2 },
    0,
    ['beyond', 'twice', 'waits'],
  ],
  ['then others', { completionMode: 'Indexed', completions: 2 }, 4, ['beyond', 'twice', 'waits', 'first']],
])('lets go: %s', (_, spec, atLeast, expected) => {
  const on = (told: Pod, isReady = true): Pod => ({
    ...told,
    spec: { nodeName: 'n1', containers: [] },
    status: { ...told.status, conditions: isReady ? [{ type: 'Ready', status: 'True' }] : [] },
  })
  const active = [
    on(pod('beyond', { index: 2 })),
    on(pod('first', { index: 0 })),
    on(pod('twice', { index: 1 }), false),
    on(pod('second', { index: 1 })),
    pod('waits'),
  ]
  const gone = superfluous({ spec: { template: {}, ...spec } }, active, atLeast)
  expect(gone.map(({ metadata }) => metadata?.name)).toEqual(expected)
})

describe('a pod failure policy', () => {
  const rules = [
    { action: 'Ignore', onPodConditions: [{ type: 'DisruptionTarget', status: 'True' }] },
    { action: 'FailJob', onExitCodes: { containerName: 'main', operator: 'In', values: [42] } },
    { action: 'Count', onExitCodes: { operator: 'NotIn', values: [1] } },
  ]
  it.each([
    [{ phase: 'Failed', condition: 'DisruptionTarget', code: 42 }, 'Ignore'],
    [{ phase: 'Failed', code: 42 }, 'FailJob'],
    [{ phase: 'Failed', code: 7 }, 'Count'],
    [{ phase: 'Failed', code: 1 }, 'Count'],
  ])('%j is judged by the first rule that fits: %s', (told, action) => {
    expect(ruleOn(job({ podFailurePolicy: { rules } }).spec!, pod('a', told)).action).toBe(action)
  })

  it('ends the Job, saying which rule it was, or does not count', () => {
    const spec = { podFailurePolicy: { rules } }
    const counts = countPods(job(spec), [pod('a', { phase: 'Failed', code: 42 })])
    expect(endOf(job(spec), counts, NOW)).toEqual({
      type: 'FailureTarget',
      reason: 'PodFailurePolicy',
      message: 'Container main for pod default/a failed with exit code 42 matching FailJob rule at index 1',
    })
    const ignored = countPods(job(spec), [pod('a', { phase: 'Failed', condition: 'DisruptionTarget' })])
    expect(ignored.uncounted.failed).toEqual([])
    expect(ignored.done).toHaveLength(1)
  })

  it('names the condition that the pod tells first', () => {
    const patterns = ['Second', 'First'].map((type) => ({ type, status: 'True' }))
    const told = pod('a', { phase: 'Failed', condition: 'First' })
    told.status!.conditions!.push({ type: 'Second', status: 'True' })
    const spec = { podFailurePolicy: { rules: [{ action: 'FailJob', onPodConditions: patterns }] } }
    expect(ruleOn(job(spec).spec!, told).message).toBe(
      'Pod default/a has condition First matching FailJob rule at index 0',
    )
  })
})

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

describe('the next pod', () => {
  const failed = (uid: string, ago: number) => pod(uid, { phase: 'Failed', code: 1, ago })
  const none = { count: 0, lastAt: 0 }
  const delay = (failures: Pod[], successes: Pod[] = [], before = none) =>
    delayLeftMs(failuresInARow(before, { failed: failures, succeeded: successes }, NOW), NOW)

  it('waits twice as long after each failure in a row, and not after a success', () => {
    expect(delay([])).toBe(0)
    expect(delay([failed('a', 4)])).toBe(6_000)
    expect(delay([failed('a', 30), failed('b', 4)])).toBe(16_000)
    expect(delay([failed('a', 30), failed('b', 25)])).toBe(0)
    expect(delay([failed('a', 4)], [pod('b', { phase: 'Succeeded', code: 0, ago: 1 })])).toBe(0)
    expect(delay(Array.from({ length: 20 }, (_, index) => failed(`${index}`, 0)))).toBe(600_000)
  })

  it('remembers failures of pods that are gone', () => {
    const before = { count: 1, lastAt: NOW - 30_000 }
    expect(delay([], [], before)).toBe(0)
    expect(delay([failed('b', 4)], [], before)).toBe(16_000)
    expect(delay([], [pod('c', { phase: 'Succeeded', code: 0 })], { count: 5, lastAt: NOW })).toBe(0)
  })

  /** Its container has ended 7 seconds ago; of an init container that is none beside it nothing is asked. */
  const besides = (finishedAt: string | undefined): Pod => {
    const told = pod('a', { phase: 'Failed', code: 1, ago: 7 })
    const [main] = told.status!.containerStatuses!
    const ended = (name: string, at: string | undefined) => ({
      ...main!,
      name,
      state: at ? { terminated: { exitCode: 0, finishedAt: at } } : {},
    })
    return {
      metadata: { ...told.metadata, creationTimestamp: '2026-01-01T00:00:00Z' },
      spec: { containers: [], initContainers: [{ name: 'beside', restartPolicy: 'Always' }, { name: 'before' }] },
      status: { ...told.status, initContainerStatuses: [ended('beside', finishedAt), ended('before', undefined)] },
    }
  }
  it.each<[what: string, told: Partial<Pod>, expected: number]>([
    ['since its last container ended', pod('a', { phase: 'Failed', code: 1, ago: 7 }), 7_000],
    ['since its sidecar ended, which is later', besides('2026-01-01T00:59:58Z'), 2_000],
    ['since it was made, while its sidecar runs', besides(undefined), 3_600_000],
    [
      'since it was not ready any more',
      { status: { conditions: [{ type: 'Ready', status: 'False', lastTransitionTime: '2026-01-01T00:59:57Z' }] } },
      3_000,
    ],
    [
      'since it was told to go, not since it has to be gone',
      {
        metadata: { deletionTimestamp: '2026-01-01T01:00:25Z', deletionGracePeriodSeconds: 30 },
        status: { conditions: [{ type: 'Ready', status: 'True', lastTransitionTime: '2026-01-01T00:00:00Z' }] },
      },
      5_000,
    ],
  ])('waits %s', (_, told, expected) => {
    expect(NOW - finishedAt(told as Pod, NOW)).toBe(expected)
  })
})
