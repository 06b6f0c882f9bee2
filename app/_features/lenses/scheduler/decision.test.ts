import { describe, expect, it } from 'vitest'
import type { ScheduleTrace } from '../../../../server/base/trace.ts'
import { decisionFor, gridOf, insteadWords, winnersOf } from './decision.ts'

const scored = (name: string, counts: Record<string, number>): ScheduleTrace['nodes'][number] => ({
  name,
  score: Object.values(counts).reduce((sum, one) => sum + one, 0),
  scores: Object.fromEntries(Object.entries(counts).map(([plugin, weighted]) => [plugin, { raw: 0, weighted }])),
})
const refused = { name: 'node-3', failed: { plugin: 'TaintToleration', reason: 'untolerated taint' } }
const decision: ScheduleTrace = {
  ...{ type: 'schedule', at: 1, durationMs: 1, scheduler: 'default-scheduler', pod: 'default/web', more: 0 },
  nodes: [
    scored('node-1', { TaintToleration: 300, NodeResourcesFit: 90, ImageLocality: 0 }),
    scored('node-2', { TaintToleration: 300, NodeResourcesFit: 60, ImageLocality: 20 }),
    refused,
  ],
  chosen: 'node-1',
}
const none = new Map<string, number>()

describe('a decision as a grid', () => {
  it('has the plug-ins that tell machines apart first, and no sum where one was refused', () => {
    const { plugins, columns, most } = gridOf(decision, none)
    expect(plugins).toEqual(['NodeResourcesFit', 'ImageLocality', 'TaintToleration'])
    expect(columns.map(({ node, sum, isChosen }) => [node, sum, isChosen])).toEqual([
      ['node-1', 390, true],
      ['node-2', 380, false],
      ['node-3', undefined, false],
    ])
    expect(columns[2]?.failed).toEqual(refused.failed)
    expect(most).toBe(300)
  })

  it.each<[string, string, Record<string, number>, string[]]>([
    ['nothing is asked', '', {}, ['node-1']],
    ['it stays so', 'With your weights it would go to node-1 as well.', { NodeResourcesFit: 2 }, ['node-1']],
    ['another wins', 'With your weights it would go to node-2.', { ImageLocality: 2 }, ['node-2']],
    [
      'they are equal',
      'With your weights a lot would be drawn among node-1, node-2.',
      { NodeResourcesFit: 0, ImageLocality: 0 },
      ['node-1', 'node-2'],
    ],
  ])('says who would have it with other weights: %s', (_, words, turned, winners) => {
    const factors = new Map(Object.entries(turned))
    const grid = gridOf(decision, factors)
    expect(winnersOf(grid)).toEqual(winners)
    expect(insteadWords(grid, factors)).toBe(words)
  })

  it('has no winner where nobody scored', () => {
    expect(insteadWords(gridOf({ nodes: [refused] }, none), new Map([['NodeResourcesFit', 5]]))).toBe('')
  })
})

it('is that of the chosen Pod, and else the newest', () => {
  const other = { ...decision, pod: 'default/other' }
  const model = { verdicts: [other, decision] }
  const pod = (name: string) => ({ object: { group: '', resource: 'pods', namespace: 'default', name } })
  expect(decisionFor(model, null)).toBe(other)
  expect(decisionFor(model, pod('web'))).toBe(decision)
  expect(decisionFor(model, pod('unknown'))).toBeUndefined()
})
