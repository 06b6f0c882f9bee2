import { expect, it, onTestFinished, vi } from 'vitest'
import { FakeClock, isoTime, microTime, microTimeOf, settlePromises, systemClock } from './clock.ts'

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

it('writes times as Go does, to the second and to the microsecond', () => {
  const at = Date.UTC(2026, 10, 28, 9, 5, 7, 42)
  const clock = new FakeClock(at)
  expect([isoTime(clock), microTime(clock)]).toEqual(['2026-11-28T09:05:07Z', '2026-11-28T09:05:07.042000Z'])
  // A little earlier, in the second before, and with a part of a millisecond.
  expect(microTimeOf(at - 42.5)).toBe('2026-11-28T09:05:06.999000Z')
  expect(microTimeOf(-1)).toBe('1969-12-31T23:59:59.999000Z')
})

it('runs what is further off than one timer of Node reaches on its day, and nothing that was called off', () => {
  const day = 24 * 3_600_000
  vi.useFakeTimers()
  onTestFinished(() => void vi.useRealTimers())
  const ran: string[] = []
  systemClock.setTimeout(() => ran.push('after 60 days'), 60 * day)
  const calledOff = systemClock.setTimeout(() => ran.push('called off'), 60 * day)
  vi.advanceTimersByTime(60 * day - 1)
  calledOff[Symbol.dispose]()
  expect(ran).toEqual([])
  vi.advanceTimersByTime(1)
  expect(ran).toEqual(['after 60 days'])
})
