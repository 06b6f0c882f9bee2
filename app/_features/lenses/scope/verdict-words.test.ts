import { expect, it } from 'vitest'
import type { ScheduleTrace } from '../../../../server/base/trace.ts'
import { preemptionWords, scoreWords, wokenWords } from './verdict-words.ts'

const verdict = (more: Partial<ScheduleTrace>): ScheduleTrace => ({
  type: 'schedule',
  at: 1,
  durationMs: 1,
  scheduler: 'default-scheduler',
  pod: 'default/web',
  nodes: [],
  more: 0,
  ...more,
})

it('shows what a plug-in gave and, where it is another number, what that counts', () => {
  const scores = { NodeResourcesFit: { raw: 81, weighted: 81 }, TaintToleration: { raw: 0, weighted: 300 } }
  expect(scoreWords(scores)).toBe('NodeResourcesFit 81, TaintToleration 0 → 300')
})

it('says what would wake a pod, by who refused it, and nothing of one that has a node', () => {
  const wokenBy = [{ plugin: 'NodeResourcesFit', events: ['node-added', 'pod-removed', 'something-new'] }]
  expect(wokenWords(verdict({ wokenBy }))).toEqual([
    'NodeResourcesFit: a new node, a pod that leaves a node, something-new',
  ])
  expect(wokenWords(verdict({ chosen: 'node-1' }))).toEqual([])
})

it('says who goes, and where', () => {
  const preemption = { node: 'node-1', victims: ['default/a', 'default/b'] }
  expect(preemptionWords(verdict({ preemption }))).toBe(
    'On node-1 room is made for it; these have to go: default/a, default/b',
  )
})
