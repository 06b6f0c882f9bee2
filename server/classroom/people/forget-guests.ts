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

/** Looks now, and once a day. */
export function forgetGuests(options: ForgetGuestsOptions): Disposable {
  const { clock, logger } = options
  let timer: Disposable | undefined
  const look = () => {
    timer = clock.setTimeout(look, DAY_MS)
    goneGuests(options).catch((err) => logger.error('guests who never came back could not be forgotten', { err }))
  }
  look()
  return { [Symbol.dispose]: () => timer?.[Symbol.dispose]() }
}

async function goneGuests({ database, release, afterDays, clock, logger }: ForgetGuestsOptions): Promise<void> {
  const before = new Date(clock.now() - afterDays * DAY_MS)
  const gone = await database.person.findMany({
    where: { isGuest: true, createdAt: { lt: before }, logins: { none: { seenAt: { gte: before } } } },
    select: { id: true },
  })
  for (const { id } of gone) {
    await release(id)
    await database.person.delete({ where: { id }, select: { id: true } })
  }
  if (gone.length > 0) logger.info('guests who never came back are forgotten', { guests: gone.length })
}
