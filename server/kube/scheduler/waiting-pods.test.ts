import { expect, it } from 'vitest'
import { FakeClock } from '../../base/clock.ts'
import { pod } from './testing/pods-and-nodes.ts'
import { WaitingPods } from './waiting-pods.ts'

const start = (waits: Record<string, number>) => {
  const clock = new FakeClock()
  const waiting = new WaitingPods(clock)
  const what = { ...pod(), metadata: { name: 'web', uid: '1' } }
  const verdict = waiting.wait(what, 'node-1', new Map(Object.entries(waits)))
  return { clock, waiting, verdict, held: waiting.get('1')! }
}

it('lets a pod go on when every plug-in has let it', async () => {
  const { waiting, verdict, held, clock } = start({ A: 60_000, B: 60_000 })
  held.allow('A')
  expect(held.pending).toEqual(['B'])
  expect(waiting.size).toBe(1)
  held.allow('B')
  expect(await verdict).toBeUndefined()
  expect(waiting.size).toBe(0)
  expect(clock.pending).toBe(0)
})

it('sends it back as soon as one of them does', async () => {
  const { verdict, held } = start({ A: 60_000, B: 60_000 })
  held.reject('B', 'the gang is not complete')
  expect(await verdict).toEqual({ plugin: 'B', reasons: ['the gang is not complete'], unresolvable: false })
})

it('sends it back when the first of the times is over, and after fifteen minutes in any case', async () => {
  const first = start({ A: 60_000, B: 3_600_000 })
  await first.clock.advance(60_000)
  expect((await first.verdict)?.reasons).toEqual(['rejected due to timeout after waiting 1m0s at plugin A'])
  const long = start({ B: 3_600_000 })
  await long.clock.advance(15 * 60_000)
  expect((await long.verdict)?.reasons).toEqual(['rejected due to timeout after waiting 15m0s at plugin B'])
})
