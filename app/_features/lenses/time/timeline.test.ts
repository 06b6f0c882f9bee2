import { describe, expect, it } from 'vitest'
import type { ClusterHistory } from '../../../../server/observe/index.ts'
import { PictureModel } from '../picture/picture-model.ts'
import { append, loops, podReplaced, push, request } from '../picture/trace-examples.ts'
import {
  barsOf,
  type Flag,
  nextDeed,
  nextMark,
  nextWrite,
  stepWords,
  ticksOf,
  timelineOf,
  writeAt,
} from './timeline.ts'

const lease = { resource: 'leases', name: 'node-1' }

function looked(): PictureModel {
  const model = new PictureModel()
  model.apply(push(14, podReplaced(), { loops }))
  return model
}

const history = (first: number, last: number, compactRevision = 0): ClusterHistory => ({
  revision: last,
  compactRevision,
  changes: Array.from({ length: last - first + 1 }, (_, nth) => ({
    revision: first + nth,
    operation: 'update',
    group: '',
    resource: nth % 2 === 0 ? 'pods' : 'leases',
    namespace: 'default',
    name: 'web',
  })),
})

describe('the timeline', () => {
  it('tells who wrote what was traced, and what the log alone knows of', () => {
    const { writes } = timelineOf(looked(), history(440, 452))
    expect(writes.map(({ revision }) => revision)).toEqual([
      440, 441, 442, 443, 444, 445, 446, 447, 448, 449, 450, 453, 455, 458,
    ])
    expect(writes[0]).toMatchObject({ isYours: false, isQuiet: false })
    expect(writes[1]?.isQuiet).toBe(true)
    expect(writes[10]).toMatchObject({ isYours: true, at: 1000 })
    expect(writes[12]?.isYours).toBe(false)
    expect([0, 10, 12].map((nth) => writes[nth]?.words())).toEqual([
      '~ pods/web',
      '~ pods/web-1 by kubectl',
      '+ pods/web-2 by ReplicaSet',
    ])
  })

  it('begins where the store was compacted, whoever says so last', () => {
    const model = looked()
    expect(timelineOf(model, history(445, 449, 444))).toMatchObject({ first: 444, last: 458 })
    model.heardOfCompaction(453)
    const { first, writes } = timelineOf(model, history(445, 449, 444))
    expect([first, writes[0]?.revision]).toEqual([453, 453])
  })

  it.each([
    [1, 268, 6, [50, 100, 150, 200]],
    [1, 12, 6, [2, 4, 6, 8, 10]],
    [1, 2, 6, []],
    [444, 458, 3, [450]],
    [1, 9_000, 12, [1000, 2000, 3000, 4000, 5000, 6000, 7000, 8000]],
    [5, 5, 0, []],
  ])('marks round revisions from %i to %i, at most %i', (first, last, most, ticks) => {
    expect(ticksOf({ first, last }, most)).toEqual(ticks)
  })

  it('counts every write in one bar, heartbeats in none; all bars but the last are as wide', () => {
    const timeline = timelineOf(looked(), history(440, 449, 439))
    for (const most of [1, 3, 7, 100]) {
      const bars = barsOf(timeline, most)
      expect(bars.length).toBeLessThanOrEqual(most)
      expect(new Set(bars.slice(0, -1).map(({ from, to }) => to - from)).size).toBeLessThanOrEqual(1)
      expect(bars.reduce((sum, { writes }) => sum + writes, 0)).toBe(9)
      expect([bars[0]?.from, bars.at(-1)?.to]).toEqual([439, 458])
      expect(bars.filter(({ isYours }) => isYours)).toHaveLength(1)
      for (const [nth, bar] of bars.entries()) expect(bar.from).toBe(nth === 0 ? 439 : bars[nth - 1]!.to + 1)
    }
  })

  it('says what was the last write at a revision that traces do not name', () => {
    expect(writeAt(timelineOf(looked(), undefined), 457)?.revision).toBe(455)
  })

  it('passes over heartbeats when it is played', () => {
    const model = new PictureModel()
    const events = [
      append(11, 'a', 'kubelet/n', lease),
      append(12, 'b', 'kubectl'),
      append(13, 'c', 'kubelet/n', lease),
    ]
    model.apply(push(3, events))
    const timeline = timelineOf(model, undefined)
    expect(nextWrite(timeline, 10)).toBe(12)
    expect(nextWrite(timeline, 12)).toBe(13)
  })

  it('finds what people wrote, in both directions, else the ends', () => {
    const model = new PictureModel()
    model.apply(push(3, [append(11, 'a', 'kubectl'), append(15, 'b', 'curl'), append(20, 'c', 'kube-scheduler')]))
    model.apply(push(4, [request('d', 'kubectl', { verb: 'get' })]))
    const timeline = timelineOf(model, undefined)
    expect(nextDeed(timeline, 21, 'back')).toBe(15)
    expect(nextDeed(timeline, 15, 'back')).toBe(11)
    expect(nextDeed(timeline, 11, 'back')).toBe(1)
    expect(nextDeed(timeline, 11, 'on')).toBe(15)
    expect(nextDeed(timeline, 15, 'on')).toBe(20)
  })

  it('goes from mark to mark, flags of steps among them, and says which step it was', () => {
    const model = new PictureModel()
    model.apply(push(2, [append(15, 'b', 'kubectl'), append(30, 'c', 'kube-scheduler')]))
    const flag = (revision: number, step: number, is: Flag['is']): Flag => ({ revision, step, is, title: 'Scale it' })
    const flags = [flag(12, 1, 'begun'), flag(20, 1, 'passed'), flag(24, 2, 'begun'), flag(99, 2, 'passed')]
    const timeline = timelineOf(model, history(5, 14, 4), flags)
    expect([31, 24, 20, 15, 12].map((at) => nextMark(timeline, at, 'back'))).toEqual([24, 20, 15, 12, 4])
    expect(nextMark(timeline, 24, 'on')).toBe(30)
    expect([11, 12, 15, 20, 21, 24, 25].map((at) => stepWords(timeline, at))).toEqual([
      '',
      'step 1 begins',
      'in step 1, Scale it',
      'step 1 turns green',
      'in step 1, Scale it',
      'step 2 begins',
      'in step 2, Scale it',
    ])
  })
})
