// Guests have nothing to log in with: when their browser has forgotten them, nobody can be them any more. What is theirs
// goes after a time, with their cluster.

import type { Clock } from '../../base/clock.ts'
import type { Logger } from '../../base/logger.ts'
import type { Database } from '../database/open-database.ts'

const DAY_MS = 24 * 3_600_000

export interface ForgetGuestsOptions {
  database: Database
  /** Gives back their cluster. */
  release: (personId: string) => Promise<void>
  afterDays: number
  clock: Clock
  logger: Logger
}

/**
 * Looks now, and once a day. Time in which nobody could come does not count: before this start from when somebody was seen
 * last, and since then only what has passed, so that a clock which is far ahead makes nobody gone.
 */
export function forgetGuests(options: ForgetGuestsOptions): Disposable {
  const { database, afterDays, clock, logger } = options
  const [startedAt, startedMonotonic] = [clock.now(), clock.monotonic()]
  let begin: number | undefined
  let timer: Disposable | undefined
  const look = async () => {
    begin ??= Math.min(startedAt, await lastSeen(database))
    const now = begin + clock.monotonic() - startedMonotonic
    await goneGuests(options, new Date(now - afterDays * DAY_MS))
  }
  const lookDaily = () => {
    timer = clock.setTimeout(lookDaily, DAY_MS)
    look().catch((err) => logger.error('guests who never came back could not be forgotten', { err }))
  }
  lookDaily()
  return { [Symbol.dispose]: () => timer?.[Symbol.dispose]() }
}

async function lastSeen(database: Database): Promise<number> {
  const { _max: newest } = await database.login.aggregate({ _max: { seenAt: true } })
  return newest.seenAt?.getTime() ?? Number.POSITIVE_INFINITY
}

async function goneGuests({ database, release, logger }: ForgetGuestsOptions, before: Date): Promise<void> {
  const gone = await database.person.findMany({
    where: { isGuest: true, createdAt: { lt: before }, logins: { none: { seenAt: { gte: before } } } },
    select: { id: true },
  })
  let guests = 0
  for (const { id } of gone) {
    try {
      await release(id)
      await database.person.delete({ where: { id }, select: { id: true } })
      guests++
    } catch (err) {
      // The others are forgotten all the same; this one is looked at again tomorrow.
      logger.error('a guest who never came back could not be forgotten', { id, err })
    }
  }
  if (guests > 0) logger.info('guests who never came back are forgotten', { guests })
}
