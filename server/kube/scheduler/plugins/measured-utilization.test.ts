import { expect, it } from 'vitest'
import { FakeClock, settlePromises } from '../../../base/clock.ts'
import { noLogger } from '../../../base/logger.ts'
import type { Client } from '../../client/client.ts'
import { decide } from '../cycle.ts'
import { NodeList } from '../node-list.ts'
import { NodeUsage } from '../node-usage.ts'
import { asking, GI, node } from '../testing/pods-and-nodes.ts'
import { measuredUtilization } from './measured-utilization.ts'

const cluster = (usage: Record<string, string>) => {
  const clock = new FakeClock()
  let asked = 0
  const request = async () => {
    asked++
    const timestamp = new Date(clock.now()).toISOString()
    return {
      items: Object.entries(usage).map(([name, cpu]) => ({
        metadata: { name },
        timestamp,
        usage: { cpu, memory: '0' },
      })),
    }
  }
  const client = { transport: { request } } as unknown as Client
  const plugin = measuredUtilization(new NodeUsage({ client, clock, logger: noLogger }))
  /** `full` has given away everything, and `busy` uses everything. */
  const nodes = new NodeList([node('full', { on: [asking('3', `${GI}`)] }), node('busy')])
  const run = () => decide(asking('500m'), nodes, { plugins: [plugin], random: () => 0.9, startAt: 0 })
  return { clock, run, plugin, asked: () => asked }
}
const raw = (run: () => ReturnType<typeof decide>) =>
  Object.fromEntries(
    run()
      .scores.told()
      .map(({ name, scores }) => [name, scores.MeasuredUtilization?.raw]),
  )

it('goes by what is used and not by what was asked for, once it has heard of it', async () => {
  const { run, asked } = cluster({ full: '500m', busy: '3' })
  expect(run().scores.told()[0]?.scores).toEqual({})
  await settlePromises()
  expect(raw(run)).toEqual({ full: 75, busy: 12 })
  expect(run().chosen).toBe('full')
  expect(asked()).toBe(1)
})

it('counts what it has placed until that is measured too, and asks every fifteen seconds while pods come', async () => {
  const { run, plugin, clock, asked } = cluster({ full: '500m', busy: '3' })
  run()
  await settlePromises()
  await clock.advance(1)
  plugin.reserve?.(new Map(), asking('2'), 'full')
  expect(raw(run).full).toBe(25)
  await clock.advance(15_000)
  run()
  await settlePromises()
  expect(raw(run).full).toBe(75)
  expect(asked()).toBe(2)
})

it('puts a node last that nobody has measured', async () => {
  const { run } = cluster({ busy: '3' })
  run()
  await settlePromises()
  expect(raw(run)).toEqual({ full: 0, busy: 12 })
})
