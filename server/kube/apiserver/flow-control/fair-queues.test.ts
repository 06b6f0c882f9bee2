import { describe, expect, it } from 'vitest'
import { deal, FairQueues, type Waiting } from './fair-queues.ts'

describe('fair queues', () => {
  const fill = (queues: FairQueues, flows: readonly string[], seats = 1) => {
    const order: string[] = []
    const accepted = flows.map((flow) => {
      const start: Waiting['start'] = (done) => {
        order.push(flow)
        done?.(1)
      }
      return queues.add({ flow, seats, start })
    })
    return { order, accepted }
  }
  const serveAll = (queues: FairQueues) => {
    while (queues.peek()) queues.take()
  }

  it('does not let one who sends much keep another waiting', () => {
    const queues = new FairQueues({ queues: 64, handSize: 1, queueLengthLimit: 50 })
    const { order } = fill(queues, [...Array(20).fill('greedy'), 'modest', 'modest'])
    serveAll(queues)
    expect(order.indexOf('modest')).toBeLessThanOrEqual(1)
    expect(order.lastIndexOf('modest')).toBeLessThanOrEqual(4)
    expect(order).toHaveLength(22)
  })

  it('counts work in seats: who takes much at a time comes less often', () => {
    const queues = new FairQueues({ queues: 64, handSize: 1, queueLengthLimit: 50 })
    const { order } = fill(queues, Array(8).fill('wide'), 4)
    const slim = fill(queues, Array(8).fill('slim'))
    while (slim.order.length < 8) queues.take()
    expect(order.length).toBeLessThanOrEqual(3)
    serveAll(queues)
    expect(order).toHaveLength(8)
  })

  it('turns away whom its shortest queue cannot take, and nobody else', () => {
    const queues = new FairQueues({ queues: 2, handSize: 1, queueLengthLimit: 3 })
    const { accepted } = fill(queues, ['a', 'a', 'a', 'a'])
    expect(accepted).toEqual([true, true, true, false])
    const other = ['b', 'c', 'd', 'e', 'f'].find((flow) => deal(flow, 2, 1)[0] !== deal('a', 2, 1)[0])!
    expect(fill(queues, [other]).accepted).toEqual([true])
    expect(queues).toMatchObject({ length: 4, active: 2 })
  })

  it('deals every flow different cards, always the same', () => {
    for (const flow of ['a', 'b', 'system:node:x']) {
      const hand = deal(flow, 64, 8)
      expect(new Set(hand).size).toBe(8)
      expect(hand.every((card) => card >= 0 && card < 64)).toBe(true)
      expect(deal(flow, 64, 8)).toEqual(hand)
    }
    expect(deal('a', 64, 8)).not.toEqual(deal('b', 64, 8))
    expect(deal('a', 3, 8).sort()).toEqual([0, 1, 2])
  })
})
