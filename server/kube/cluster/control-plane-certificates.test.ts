import { expect, it } from 'vitest'
import { FakeClock } from '../../base/clock.ts'
import { createLogger } from '../../base/logger.ts'
import { renewDaily } from './control-plane-certificates.ts'

const DAY_MS = 24 * 3600_000
const logger = createLogger({ level: 'error', write: () => undefined })

it('looks each day, also after a day on which it failed, until the cluster is closed', async () => {
  const clock = new FakeClock()
  let looks = 0
  const renewing = renewDaily({
    clock,
    logger,
    renew: async () => {
      looks++
      if (looks === 1) throw new Error('the disk is full')
    },
  })
  await clock.advance(DAY_MS - 1)
  expect(looks).toBe(0)
  await clock.advance(1)
  expect(looks).toBe(1)
  await clock.advance(DAY_MS)
  expect(looks).toBe(2)
  await renewing[Symbol.asyncDispose]()
  expect(clock.pending).toBe(0)
})
