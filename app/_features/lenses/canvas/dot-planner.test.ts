import { describe, expect, it } from 'vitest'
import { type Dot, PictureModel } from '../picture/picture-model.ts'
import { podReplaced, push, request } from '../picture/trace-examples.ts'
import { DotPlanner } from './dot-planner.ts'

const edgeOf = (dot: Dot) => `${dot.client} ${dot.kind}`

function dotsOf(events = podReplaced()): Dot[] {
  return new PictureModel().apply(push(events.length, events))
}

function reads(count: number): Dot[] {
  return dotsOf(Array.from({ length: count }, (_, index) => request(`g${index}`, 'kubectl', { verb: 'get' })))
}

describe('DotPlanner', () => {
  it('lets a revision leave when its request has arrived, and its watch events when it has', () => {
    const plans = new DotPlanner().plan(dotsOf(), edgeOf, 0, 600)
    const start = (seq: number) => plans.find((plan) => plan.dot.seq === seq)?.startAt
    expect(start(4)).toBe(0)
    expect(start(1)).toBe(600)
    expect(start(2)).toBe(1200)
    expect(start(3)).toBe(1200)
  })

  it('never starts a dot later than 1.8 s after its event, however long the chain', () => {
    const plans = new DotPlanner().plan(dotsOf(), edgeOf, 0, 600)
    expect(plans.every((plan) => plan.startAt <= 1800)).toBe(true)
    expect(plans).toHaveLength(14)
  })

  it('keeps the order of causes even where everything crowds', () => {
    const plans = new DotPlanner().plan(dotsOf(), edgeOf, 0, 600)
    const starts = [4, 1, 2, 7, 5, 6, 11, 8, 9, 14, 12, 13].map(
      (seq) => plans.find((plan) => plan.dot.seq === seq)!.startAt,
    )
    expect(starts).toEqual([...starts].sort((a, b) => a - b))
  })

  it('gives each of twelve dots in a second its own element, and the rest one with a count', () => {
    const plans = new DotPlanner().plan(reads(40), edgeOf, 0, 600)
    expect(plans.filter((plan) => plan.group === undefined)).toHaveLength(12)
    expect(plans.filter((plan) => plan.group !== undefined && !plan.joins)).toHaveLength(1)
    expect(plans.filter((plan) => plan.joins)).toHaveLength(27)
    expect(new Set(plans.map((plan) => plan.group)).size).toBe(2)
  })

  it('opens a new group once the last one has left', () => {
    const planner = new DotPlanner()
    planner.plan(reads(13), edgeOf, 0, 600)
    const [later] = planner.plan(reads(1), edgeOf, 300, 600)
    expect(later).toMatchObject({ joins: false, startAt: 550 })
    expect(later?.group).toBe(2)
  })

  it('draws single dots again after a quiet second', () => {
    const planner = new DotPlanner()
    planner.plan(reads(40), edgeOf, 0, 600)
    const [later] = planner.plan(reads(1), edgeOf, 1500, 600)
    expect(later).toMatchObject({ joins: false, startAt: 1500 })
    expect(later?.group).toBeUndefined()
  })

  it('groups sooner on every edge when the whole picture is crowded', () => {
    const events = Array.from({ length: 200 }, (_, index) =>
      request(`g${index}`, `client-${index % 20}`, { verb: 'get' }),
    )
    const plans = new DotPlanner().plan(dotsOf(events), edgeOf, 0, 600)
    const drawn = plans.filter((plan) => !plan.joins)
    expect(drawn.length).toBeLessThanOrEqual(80 + 20)
    expect(plans).toHaveLength(200)
  })

  it('counts each edge for itself', () => {
    const others = dotsOf(Array.from({ length: 10 }, (_, index) => request(`c${index}`, 'curl', { verb: 'get' })))
    const plans = new DotPlanner().plan([...reads(10), ...others], edgeOf, 0, 600)
    expect(plans.every((plan) => plan.group === undefined)).toBe(true)
  })

  it('puts nothing off when nothing may move', () => {
    const plans = new DotPlanner().plan(dotsOf(), edgeOf, 50, 0)
    expect(plans.every((plan) => plan.startAt === 50)).toBe(true)
  })
})
