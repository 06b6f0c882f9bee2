import { expect, it } from 'vitest'
import { FakeClock } from '../../base/clock.ts'
import { goDuration } from '../apimachinery/go-duration.ts'
import { StartBackoff } from './start-backoff.ts'

it('lets the first failure go, doubles up to the cap, and forgets after a long quiet', async () => {
  const clock = new FakeClock()
  const backoff = new StartBackoff({ clock, initialMs: 10_000, maxMs: 300_000 })
  const waits: number[] = []
  for (let crash = 0; crash < 8; crash++) {
    const wait = backoff.remainingMs('pod_app', clock.now())
    waits.push(wait / 1000)
    await clock.advance(wait)
    backoff.next('pod_app', clock.now() - wait)
  }
  expect(waits).toEqual([0, 10, 20, 40, 80, 160, 300, 300])
  await clock.advance(601_000)
  expect(backoff.remainingMs('pod_app', clock.now())).toBe(0)
})

it('prints durations as Go does', () => {
  expect([10_000, 80_000, 160_000, 300_000].map(goDuration)).toEqual(['10s', '1m20s', '2m40s', '5m0s'])
})

it('begins with no more than its longest wait, and forgets as late as others', async () => {
  const clock = new FakeClock()
  const backoff = new StartBackoff({ clock, initialMs: 10_000, maxMs: 4_000, forgetMs: 600_000 })
  for (let crash = 0; crash < 2; crash++) backoff.next('pod_app', clock.now())
  expect(backoff.remainingMs('pod_app', clock.now())).toBe(4_000)
  await clock.advance(500_000)
  expect(backoff.remainingMs('pod_app', clock.now())).toBe(4_000)
  await clock.advance(101_000)
  expect(backoff.remainingMs('pod_app', clock.now())).toBe(0)
})
