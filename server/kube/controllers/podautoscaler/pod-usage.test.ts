import type { Pod } from 'kubernetes-types/core/v1'
import { describe, expect, it } from 'vitest'
import type { PodMeasures } from './metrics-client.ts'
import { proposeByAverage, proposeByShare, proposeByTotal, proposeByUtilization } from './pod-usage.ts'

const NOW = Date.parse('2026-01-01T01:00:00Z')
const tolerances = { up: 0.1, down: 0.1 }
const ago = (seconds: number) => new Date(NOW - seconds * 1000).toISOString()
const OLD = 3600

type State = 'ready' | 'young' | 'never' | 'was' | 'pending' | 'failed' | 'going'
const STATUSES: Record<State, object> = {
  ready: status('True', OLD, OLD),
  // Ready, but since less than a whole window of what is measured.
  young: status('True', 60, 40),
  never: status('False', OLD, OLD),
  was: status('False', OLD, 60),
  pending: { phase: 'Pending' },
  failed: { phase: 'Failed' },
  going: status('True', OLD, OLD),
}
function status(ready: string, startedAgo: number, changedAgo: number) {
  const condition = { type: 'Ready', status: ready, lastTransitionTime: ago(changedAgo) }
  return { phase: 'Running', startTime: ago(startedAgo), conditions: [condition] }
}
const podsOf = (states: State[]): Pod[] =>
  states.map((state, index) => ({
    metadata: { name: `p${index}`, ...(state === 'going' ? { deletionTimestamp: ago(1) } : {}) },
    spec: { containers: [{ name: 'web', resources: { requests: { cpu: '1' } } }] },
    status: STATUSES[state] as NonNullable<Pod['status']>,
  }))
/** In percent of a processor; undefined for a pod that nobody has measured. */
const measured = (uses: (number | undefined)[]): PodMeasures =>
  new Map(
    uses.flatMap((use, index) =>
      use === undefined ? [] : [[`p${index}`, { milli: use * 10, at: NOW - 10_000, windowMs: 60_000 }] as const],
    ),
  )

describe('by utilization', () => {
  it.each<[string, State[], (number | undefined)[], { percent: number; current?: number }, number]>([
    ['twice what is wanted: twice as many', ['ready', 'ready', 'ready'], [100, 100, 100], { percent: 50 }, 6],
    ['half of it: half as many', ['ready', 'ready', 'ready', 'ready'], [20, 20, 20, 20], { percent: 40 }, 2],
    ['a little more is near enough', ['ready', 'ready', 'ready'], [54, 55, 56], { percent: 50 }, 3],
    ['rounded up', ['ready', 'ready', 'ready'], [60, 60, 60], { percent: 50 }, 4],
    [
      'one that is pending is not made worse of',
      ['ready', 'ready', 'pending'],
      [80, 80, undefined],
      { percent: 50 },
      3,
    ],
    ['but does not stop what is needed', ['ready', 'ready', 'pending'], [100, 100, undefined], { percent: 50 }, 4],
    ['one that is young counts as idle', ['ready', 'ready', 'young'], [100, 100, 500], { percent: 50 }, 4],
    ['one that was never ready as well', ['ready', 'ready', 'never'], [100, 100, 500], { percent: 50 }, 4],
    ['one that once was ready counts as measured', ['ready', 'ready', 'was'], [50, 50, 200], { percent: 50 }, 6],
    ['one not measured counts as idle upwards', ['ready', 'ready', 'ready'], [100, 100, undefined], { percent: 50 }, 4],
    ['and as busy downwards', ['ready', 'ready', 'ready'], [10, 10, undefined], { percent: 50 }, 3],
    [
      'unless there is enough without it',
      ['ready', 'ready', 'ready', 'ready'],
      [5, 5, 5, undefined],
      { percent: 80 },
      2,
    ],
    ['what goes or has failed is not there', ['ready', 'going', 'failed'], [100, 500, 500], { percent: 50 }, 2],
  ])('%s', (_what, states, uses, { percent, current = states.length }, expected) => {
    const asked = { pods: podsOf(states), measures: measured(uses), resource: 'cpu', current, tolerances, now: NOW }
    expect(proposeByUtilization({ ...asked, percent }).replicas).toBe(expected)
  })

  const asked = (pods: Pod[], uses: number[]) => ({
    pods,
    measures: measured(uses),
    resource: 'cpu',
    current: 1,
    tolerances,
    now: NOW,
    percent: 50,
  })
  it('tells what is used of what was asked for', () => {
    expect(proposeByUtilization(asked(podsOf(['ready', 'ready']), [30, 61]))).toMatchObject({
      percent: 45,
      average: 455,
    })
  })
  it('refuses pods that ask for nothing, in upstream’s words', () => {
    const [pod] = podsOf(['ready'])
    const bare = { ...pod, spec: { containers: [{ name: 'web' }] } } as Pod
    expect(() => proposeByUtilization(asked([bare], [1]))).toThrow('missing request for cpu in container web of Pod p0')
    expect(() => proposeByUtilization(asked([], [1]))).toThrow('no pods returned by selector')
    expect(() => proposeByUtilization(asked(podsOf(['pending']), [1]))).toThrow(
      'did not receive metrics for targeted pods',
    )
  })
  it('goes its own way up and down, where tolerances differ', () => {
    const three = { ...asked(podsOf(['ready', 'ready', 'ready']), [55, 55, 55]), current: 3 }
    expect(proposeByUtilization({ ...three, tolerances: { up: 0.05, down: 0.1 } }).replicas).toBe(4)
    expect(proposeByUtilization({ ...three, tolerances: { up: 0.2, down: 0 } }).replicas).toBe(3)
  })
})

it('goes by an amount for each pod', () => {
  const asked = { pods: podsOf(['ready', 'young']), resource: '', current: 2, tolerances, now: NOW, target: 500 }
  expect(proposeByAverage({ ...asked, measures: measured([100, 100]) })).toEqual({ replicas: 4, average: 1000 })
})

it('goes by one amount for all, also from none', () => {
  const pods = podsOf(['ready', 'ready', 'never'])
  expect(proposeByTotal({ pods, total: 30_000, target: 10_000, current: 3, tolerances })).toBe(6)
  expect(proposeByTotal({ pods, total: 10_500, target: 10_000, current: 3, tolerances })).toBe(3)
  expect(proposeByTotal({ pods: [], total: 25_000, target: 10_000, current: 0, tolerances })).toBe(3)
  const share = proposeByShare({ total: 95_000, target: 30_000, current: 2, tolerances })
  expect(share).toEqual({ replicas: 4, average: 47_500 })
})
