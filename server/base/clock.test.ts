import { expect, it } from 'vitest'
import { FakeClock, settlePromises } from './clock.ts'

it('runs due timers in the order of their time, then of their making', async () => {
  const clock = new FakeClock(0)
  const ran: string[] = []
  clock.setTimeout(() => ran.push(`late at ${clock.now()}`), 20)
  clock.setTimeout(() => ran.push(`first at ${clock.now()}`), 10)
  clock.setTimeout(() => ran.push(`second at ${clock.now()}`), 10)
  await clock.advance(15)
  expect(ran).toEqual(['first at 10', 'second at 10'])
  expect(clock.now()).toBe(15)
  await clock.advance(5)
  expect(ran).toEqual(['first at 10', 'second at 10', 'late at 20'])
})

it('runs timers that timers start, within the same advance', async () => {
  const clock = new FakeClock(0)
  let wokenAt = -1
  void (async () => {
    await clock.sleep(10)
    await clock.sleep(10)
    wokenAt = clock.now()
  })()
  await clock.advance(30)
  expect(wokenAt).toBe(20)
})

it('wakes a sleeper that is aborted, and forgets its timer', async () => {
  const clock = new FakeClock()
  const abort = new AbortController()
  const sleeping = clock.sleep(1000, abort.signal).catch((err: Error) => err.name)
  await settlePromises()
  abort.abort()
  expect(await sleeping).toBe('AbortError')
  expect(clock.pending).toBe(0)
})
