import { expect, it } from 'vitest'
import { type Clock, FakeClock, settlePromises } from '../base/clock.ts'
import { OpenWhileWatched } from './open-while-watched.ts'

it('rests the longer the longer a look took', async () => {
  const fake = new FakeClock()
  let spent = 0
  const clock: Clock = {
    now: () => fake.now() + spent,
    monotonic: () => fake.monotonic() + spent,
    setTimeout: (run, delayMs) => fake.setTimeout(run, delayMs),
    sleep: (delayMs, signal) => fake.sleep(delayMs, signal),
  }
  const open = () => ({ [Symbol.dispose]: () => undefined })
  using watched = new OpenWhileWatched({ open, lingerMs: 0, clock })
  const stop = new AbortController()
  const takes = [1, 200, 1]
  let looks = 0
  const looking = watched.whenever(stop.signal, () => {
    spent += takes[looks++] ?? 0
    return looks
  })
  const done = (async () => {
    for await (const _ of looking);
  })()
  await settlePromises()
  const looksAfter = async (ms: number) => {
    watched.tell()
    await fake.advance(ms)
    return looks
  }
  expect(await looksAfter(99)).toBe(1)
  expect(await looksAfter(1)).toBe(2)
  expect(await looksAfter(1999)).toBe(2)
  expect(await looksAfter(1)).toBe(3)
  stop.abort()
  await done
})
