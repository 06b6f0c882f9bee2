import { expect, it } from 'vitest'
import { FakeClock } from '../../base/clock.ts'
import type { TraceEvent } from '../../base/trace.ts'
import { LoopGates } from './loop-gate.ts'

const loop = 'kube-controller-manager/replicaset-controller'

function start() {
  const clock = new FakeClock()
  const told: TraceEvent[] = []
  return { clock, told, gates: new LoopGates(clock, { emit: (event) => void told.push(event) }) }
}

it('lets a held loop take as many turns as it is stepped, and tells of each', () => {
  const { gates, told } = start()
  gates.hold(loop)
  expect(gates.tryEnter(loop)).toBe(false)
  gates.step(loop)
  expect([gates.tryEnter(loop), gates.tryEnter(loop)]).toEqual([true, false])
  gates.release(loop)
  expect(gates.tryEnter(loop)).toBe(true)
  expect(told).toMatchObject([
    { type: 'gate', client: loop, held: true, steps: 0 },
    { held: true, steps: 1 },
    { held: true, steps: 0 },
    { held: false, steps: 0, everyMs: 0 },
  ])
})

it('does not step a loop that runs freely, or the step would wait for the day it is held', () => {
  const { gates, told } = start()
  gates.step(loop)
  gates.hold(loop)
  expect(gates.tryEnter(loop)).toBe(false)
  expect(told).toHaveLength(1)
})

it('lets a slowed loop in again when its time has come', async () => {
  const { gates, clock } = start()
  let asked = 0
  using _ = gates.onChange(() => void asked++)
  gates.slow(loop, 2000)
  expect([gates.tryEnter(loop), gates.tryEnter(loop)]).toEqual([true, false])
  await clock.advance(1999)
  expect(asked).toBe(1)
  await clock.advance(1)
  expect([asked, gates.tryEnter(loop)]).toEqual([2, true])
})

it('keeps a loop held when its pace changes', () => {
  const { gates } = start()
  gates.hold(loop)
  gates.slow(loop, 500)
  gates.slow(loop, 0)
  gates.slow('other', 500)
  gates.slow('other', 0)
  expect(gates.states()).toEqual([{ client: loop, held: true, steps: 0, everyMs: 0 }])
})

it('knows which loops are held or slowed', () => {
  const { gates } = start()
  gates.hold(loop)
  gates.slow('kube-scheduler', 500)
  gates.hold('other')
  gates.release('other')
  expect(gates.states()).toEqual([
    { client: loop, held: true, steps: 0, everyMs: 0 },
    { client: 'kube-scheduler', held: false, steps: 0, everyMs: 500 },
  ])
})
