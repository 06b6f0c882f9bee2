import { expect, it } from 'vitest'
import type { ScheduleTrace } from '../../../../server/base/trace.ts'
import { outcomeWords, roomWords, scoreLines, wokenWords } from './verdict-words.ts'

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
const no = { name: 'a', failed: { plugin: 'NodeName', reason: 'no' } }
const [b, c] = [
  { name: 'b', score: 1 },
  { name: 'c', score: 2 },
]

it.each<[string, Partial<ScheduleTrace>]>([
  ['It goes to c, the best of those that fit.', { nodes: [no, b, c], chosen: 'c' }],
  [
    'It goes to b: 2 that fit are equally good, and a lot is drawn.',
    { nodes: [no, b, { ...c, score: 1 }], chosen: 'b' },
  ],
  ['It goes to b, the only node that fits: nobody scores it.', { nodes: [no, b], chosen: 'b' }],
  ['It fits nowhere.', { nodes: [no] }],
  ['There is no node.', {}],
  ['It is not in line yet: no node was looked at.', { gate: 'SchedulingGates' }],
])('says: %s', (words, told) => {
  expect(outcomeWords(verdict(told))).toBe(words)
})

it('shows what a plug-in gave and what that counts, the heaviest first', () => {
  const scores = { NodeResourcesFit: { raw: 81, weighted: 81 }, TaintToleration: { raw: 0, weighted: 300 } }
  expect(scoreLines(scores)).toEqual([
    { plugin: 'TaintToleration', gave: 0, counts: 300 },
    { plugin: 'NodeResourcesFit', gave: 81, counts: 81 },
  ])
})

it('says what would wake a pod, by who refused it, and nothing of one that has a node', () => {
  const wokenBy = [{ plugin: 'NodeResourcesFit', events: ['node-added', 'pod-removed', 'something-new'] }]
  expect(wokenWords(verdict({ wokenBy }))).toEqual([
    { plugin: 'NodeResourcesFit', events: 'a new node, a pod that leaves a node, something-new' },
  ])
  expect(wokenWords(verdict({ chosen: 'node-1' }))).toEqual([])
})

const HEAD = '0/3 nodes are available: 3 Insufficient cpu. no new claims to deallocate, preemption: '

it.each([
  [
    '0/3 nodes are available: 1 No preemption victims found for incoming pod, 2 Preemption is not helpful for scheduling.',
    ['On 1 node no pod there is less important than this one', 'On 2 nodes it would not fit even if pods went'],
  ],
  [
    '0/3 nodes are available: 1 Insufficient memory.',
    ['On 1 node even without the less important pods: Insufficient memory'],
  ],
  ['not eligible due to preemptionPolicy=Never.', ['Its preemptionPolicy is Never: it waits its turn.']],
  ['something new.', ['something new']],
])('says why sending pods away does not help: %s', (told, words) => {
  expect(roomWords(verdict({ message: HEAD + told }))).toEqual(words)
})

it('says who goes, and where, and nothing where that was not asked', () => {
  const preemption = { node: 'node-1', victims: ['default/a', 'default/b'] }
  expect(roomWords(verdict({ preemption }))).toEqual([
    'On node-1 room is made for it; these have to go: default/a, default/b',
  ])
  expect(roomWords(verdict({ message: '0/1 nodes are available: x. not found' }))).toEqual([])
})
