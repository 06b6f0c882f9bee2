// Upstream's own cases (pkg/controller/podautoscaler/replica_calculator_test.go), asked of ours: pods of two containers, both
// of which use `levels` and request `requests`.

import type { Pod } from 'kubernetes-types/core/v1'
import { expect, it } from 'vitest'
import type { PodMeasures } from './metrics-client.ts'
import { groupPods, proposeByAverage, proposeByShare, proposeByTotal, proposeByUtilization } from './pod-usage.ts'

const NOW = Date.parse('2026-01-01T01:00:00Z')
const tolerances = { up: 0.1, down: 0.1 }
const NEVER = new Date(0).toISOString()

interface Told {
  current: number
  levels: number[]
  /** In thousandths; one processor each unless told. */
  requests?: number[]
  /** `t`rue or `f`alse, by pod. */
  ready?: string
  /** Pods that have just begun, by letter `h`. */
  start?: string
  /** `p`ending, `f`ailed, `r`unning, `d`eleted. */
  phases?: string
}

const PHASES: Record<string, string> = { p: 'Pending', f: 'Failed', r: 'Running', d: 'Running' }

function podsOf({ current, ready = '', start = '', phases = '', requests = [] }: Told): Pod[] {
  return Array.from({ length: Math.max(current, phases.length) }, (_, at) => {
    const cpu = `${requests[at] ?? 1000}m`
    const startTime = start[at] === 'h' ? new Date(NOW).toISOString() : NEVER
    const status = ready[at] === 'f' ? 'False' : 'True'
    return {
      metadata: { name: `p${at}`, ...(phases[at] === 'd' ? { deletionTimestamp: NEVER } : {}) },
      spec: { containers: ['a', 'b'].map((name) => ({ name, resources: { requests: { cpu } } })) },
      status: {
        phase: PHASES[phases[at] ?? 'r'] ?? '',
        startTime,
        conditions: [{ type: 'Ready', status, lastTransitionTime: NEVER }],
      },
    }
  })
}
const measured = (levels: number[], containers: number): PodMeasures =>
  new Map(levels.map((level, at) => [`p${at}`, { milli: containers * level, at: 0, windowMs: 60_000 }]))

it.each<[string, Told & { percent: number }, [replicas: number, percent: number, average: number]]>([
  ['up', { current: 3, levels: [300, 500, 700], percent: 30 }, [5, 50, 1000]],
  ['up less, one not ready', { current: 3, levels: [300, 500, 700], percent: 30, ready: 'ftt' }, [4, 60, 1200]],
  ['up less, one just begun', { current: 3, levels: [300, 500, 700], percent: 30, start: 'hcc' }, [4, 60, 1200]],
  ['not up, two not ready', { current: 3, levels: [400, 500, 700], percent: 30, ready: 'tff' }, [3, 40, 800]],
  [
    'not up, two just begun',
    { current: 3, levels: [400, 500, 700], percent: 30, ready: 'tff', start: 'chh' },
    [3, 40, 800],
  ],
  [
    'up without failed ones',
    { current: 2, levels: [500, 700], percent: 30, ready: 'ttff', phases: 'rrff' },
    [4, 60, 1200],
  ],
  [
    'up without those going',
    { current: 2, levels: [500, 700], percent: 30, ready: 'ttff', phases: 'rrdd' },
    [4, 60, 1200],
  ],
  ['down', { current: 5, levels: [100, 300, 500, 250, 250], percent: 50 }, [3, 28, 560]],
  [
    'down without those not ready',
    { current: 5, levels: [100, 300, 500, 250, 250], percent: 50, ready: 'tttff' },
    [2, 30, 600],
  ],
  ['down without pending', { current: 5, levels: [100], percent: 50, ready: 'tffff', phases: 'rpppp' }, [1, 10, 200]],
  [
    'down without those just begun',
    { current: 5, levels: [100, 300, 500, 250, 250], percent: 50, start: 'ccchh' },
    [2, 30, 600],
  ],
  [
    'down without failed ones',
    { current: 5, levels: [100, 300, 500, 250, 250], percent: 50, ready: 'tttttff', phases: 'rrrrrff' },
    [3, 28, 560],
  ],
  [
    'near enough',
    { current: 3, levels: [1010, 1030, 1020], requests: [900, 1000, 1100], percent: 100 },
    [3, 102, 2040],
  ],
  [
    'of pods nobody knows',
    { current: 4, levels: [4000, 9500, 3000, 7000, 3200, 2000], percent: 100 },
    [24, 587, 11750],
  ],
  ['half measured', { current: 4, levels: [400, 95], percent: 100 }, [3, 24, 495]],
  ['one measured, as it should be', { current: 2, levels: [1000], percent: 100 }, [2, 100, 2000]],
  ['one measured, too busy', { current: 2, levels: [1900], percent: 100 }, [2, 190, 3800]],
  ['one measured, idle', { current: 2, levels: [600], percent: 100 }, [2, 60, 1200]],
  ['one missing, one not ready', { current: 3, levels: [100, 450], percent: 50, ready: 'ftt' }, [3, 45, 900]],
  ['one missing, one just begun', { current: 3, levels: [100, 450], percent: 50, start: 'hcc' }, [3, 45, 900]],
  ['up, one missing, one not ready', { current: 3, levels: [100, 2000], percent: 50, ready: 'ftt' }, [4, 200, 4000]],
  [
    'up, one missing, one just begun',
    { current: 3, levels: [100, 2000], percent: 50, ready: 'ftt', start: 'hcc' },
    [4, 200, 4000],
  ],
  [
    'down, one missing, one not ready',
    { current: 4, levels: [100, 100, 100], percent: 50, ready: 'fttt' },
    [3, 10, 200],
  ],
  ['in a rollout with one more', { current: 2, levels: [100, 100], percent: 50, phases: 'rrr' }, [2, 10, 200]],
])('by utilization: %s', (_what, told, [replicas, percent, average]) => {
  const asked = { pods: podsOf(told), measures: measured(told.levels, 2), resource: 'cpu', now: NOW, tolerances }
  const proposed = proposeByUtilization({ ...asked, current: told.current, percent: told.percent })
  expect(proposed).toEqual({ replicas, percent, average })
})

it('by utilization: just so much that it is told from what is near enough', () => {
  const levels = Array.from({ length: 10 }, () => 150)
  const requests = [400, 200, 310, 290, 302, 298, 301, 299, 300, 300]
  const told = { current: 10, levels, requests }
  const replicasAt = (percent: number) =>
    proposeByUtilization({
      pods: podsOf(told),
      measures: measured(levels, 2),
      resource: 'cpu',
      now: NOW,
      tolerances,
      current: 10,
      percent,
    }).replicas
  expect([replicasAt(56), replicasAt(55)]).toEqual([9, 10])
})

it.each<[string, Told & { target: number }, [replicas: number, average: number]]>([
  ['up', { current: 3, levels: [20_000, 10_000, 30_000], target: 15_000 }, [4, 20_000]],
  [
    'not ready is no matter',
    { current: 3, levels: [50_000, 10_000, 30_000], target: 15_000, ready: 'ttf', start: 'cch' },
    [6, 30_000],
  ],
  [
    'nor two that have just begun',
    { current: 3, levels: [50_000, 15_000, 30_000], target: 15_000, ready: 'ftf', start: 'hch' },
    [7, 31_666],
  ],
  ['of one', { current: 1, levels: [8600], target: 4400 }, [2, 8600]],
  ['down', { current: 5, levels: [12_000, 12_000, 12_000, 12_000, 12_000], target: 20_000 }, [3, 12_000]],
  ['near enough', { current: 3, levels: [20_000, 21_000, 21_000], target: 20_000 }, [3, 20_666]],
])('by an amount of each pod: %s', (_what, told, [replicas, average]) => {
  const { current, target, levels } = told
  const asked = { pods: podsOf(told), measures: measured(levels, 1), resource: '', now: NOW, tolerances }
  expect(proposeByAverage({ ...asked, current, target })).toEqual({ replicas, average })
})

it.each<[string, number, { current: number; target: number; ready?: string }, number]>([
  ['up', 20_000, { current: 3, target: 15_000 }, 4],
  ['of those ready only', 50_000, { current: 3, target: 10_000, ready: 'ftf' }, 5],
  ['of those ready only, so fewer', 8600, { current: 3, target: 4400, ready: 'ftf' }, 2],
  ['down', 12_000, { current: 5, target: 20_000 }, 3],
  ['down, barely', 8600, { current: 5, target: 14_334 }, 3],
  ['near enough', 20_666, { current: 3, target: 20_000 }, 3],
  ['near enough below', 8600, { current: 3, target: 8888 }, 3],
])('by one amount: %s', (_what, total, told, replicas) => {
  const { current, target } = told
  const pods = podsOf({ ...told, levels: [] })
  expect(proposeByTotal({ pods, total, target, current, tolerances })).toBe(replicas)
})

it.each<[string, number, { current: number; target: number }, [replicas: number, average: number]]>([
  ['up', 20_000, { current: 3, target: 5000 }, [4, 6667]],
  ['up, from outside', 8600, { current: 3, target: 2150 }, [4, 2867]],
  ['down', 6000, { current: 5, target: 2000 }, [3, 1200]],
  ['down, from outside', 8600, { current: 5, target: 2867 }, [3, 1720]],
  ['near enough', 20_166, { current: 4, target: 5000 }, [4, 5042]],
  ['near enough, from outside', 8600, { current: 3, target: 2900 }, [3, 2867]],
])('by a share of one amount: %s', (_what, total, told, [replicas, average]) => {
  expect(proposeByShare({ total, ...told, tolerances })).toEqual({ replicas, average })
})

const ago = (seconds: number) => new Date(NOW - seconds * 1000).toISOString()
const one = (status: Pod['status']): Pod[] => [{ metadata: { name: 'p0' }, status: status ?? {} }]
const since = (started: number, ready?: string, changed = 0) => ({
  phase: 'Succeeded',
  startTime: ago(started),
  ...(ready ? { conditions: [{ type: 'Ready', status: ready, lastTransitionTime: ago(changed) }] } : {}),
})
it.each<[string, Pod[], { at: number; windowS: number } | undefined, string]>([
  ['one that does not say whether it is ready', one(since(0)), { at: 1e9, windowS: 0 }, 'unready'],
  ['a new one measured since it is ready', one(since(60, 'True', 30)), { at: 0, windowS: 30 }, 'ready'],
  ['a new one measured before', one(since(60, 'True', 30)), { at: 0, windowS: 60 }, 'unready'],
  ['one that never was ready', one(since(600, 'False', 594)), { at: 1e9, windowS: 0 }, 'unready'],
  ['an old one measured long ago', one(since(360, 'True', 360)), { at: 120, windowS: 60 }, 'ready'],
  ['one that was ready once', one(since(600, 'False', 540)), { at: 1e9, windowS: 0 }, 'ready'],
  ['one that nobody measured', one(since(180)), undefined, 'missing'],
  ['one that waits for its node', one({ phase: 'Pending' }), undefined, 'unready'],
])('%s', (_what, pods, told, group) => {
  const measures: PodMeasures = new Map()
  if (told) measures.set('p0', { milli: 1, at: NOW - told.at * 1000, windowMs: told.windowS * 1000 })
  const { ready, unready, missing, ignored } = groupPods(pods, measures, 'cpu', NOW)
  expect({ ready: ready === 1, unready: unready.length > 0, missing: missing.length > 0, ignored }).toMatchObject({
    ready: group === 'ready',
    unready: group === 'unready',
    missing: group === 'missing',
    ignored: [],
  })
})

it('says of metrics without pods, and of pods without requests, that nothing can be said', () => {
  const pods = podsOf({ current: 1, levels: [] })
  const asked = { pods, resource: 'cpu', current: 1, tolerances, now: NOW, percent: 100 }
  const others: PodMeasures = new Map([['an-older-name', { milli: 200, at: 0, windowMs: 60_000 }]])
  expect(() => proposeByUtilization({ ...asked, measures: others })).toThrow('no metrics returned matched known pods')
  const bare = pods.map((pod) => ({ ...pod, spec: { containers: [{ name: 'a' }] } }))
  expect(() => proposeByUtilization({ ...asked, pods: bare, measures: measured([200], 2) })).toThrow(
    'missing request for cpu',
  )
})
