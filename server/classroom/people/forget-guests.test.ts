import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { FakeClock, settlePromises } from '../../base/clock.ts'
import { noLogger } from '../../base/logger.ts'
import { Connections } from '../accounts/connections.ts'
import { Logins } from '../accounts/logins.ts'
import { type Database, openDatabase } from '../database/open-database.ts'
import { forgetGuests } from './forget-guests.ts'

const DAY = 24 * 3_600_000
const migrations = join(import.meta.dirname, '..', '..', '..', 'prisma', 'migrations')
let directory: string
let clock: FakeClock
let database: Database

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'podium-guests-'))
  clock = new FakeClock(Date.now())
  database = openDatabase({ path: join(directory, 'podium.db'), migrations, clock })
})
afterEach(async () => {
  await database[Symbol.asyncDispose]()
  rmSync(directory, { recursive: true })
})

it('forgets guests who did not come back for so long, with their cluster, and nobody else', async () => {
  const createdAt = new Date(clock.now())
  await database.person.createMany({
    data: [
      { id: 'gone', name: 'Gus', isGuest: true, createdAt },
      { id: 'comes', name: 'Gil', isGuest: true, createdAt },
      { id: 'learner', name: 'Ada', createdAt },
    ],
  })
  const logins = new Logins({ database, connections: new Connections(), clock })
  await logins.open('gone')
  const token = await logins.open('comes')
  const released: string[] = []
  const release = async (id: string) => void released.push(id)
  using _ = forgetGuests({ database, release, afterDays: 7, clock, logger: noLogger })
  await clock.advance(6 * DAY)
  expect([await database.person.count(), released]).toEqual([3, []])
  expect(await logins.personOf(token)).toBeDefined()
  await clock.advance(2 * DAY)
  while ((await database.person.count()) === 3) await settlePromises()
  expect(await database.person.findMany({ select: { id: true }, orderBy: { id: 'asc' } })).toEqual([
    { id: 'comes' },
    { id: 'learner' },
  ])
  expect(released).toEqual(['gone'])
})

it('forgets the others when the cluster of one cannot be given back, and that one the next day', async () => {
  const createdAt = new Date(clock.now())
  await database.person.createMany({
    data: ['first', 'second'].map((id) => ({ id, name: id, isGuest: true, createdAt })),
  })
  await new Logins({ database, connections: new Connections(), clock }).open('second')
  let isBroken = true
  const release = async (id: string) => {
    if (id === 'first' && isBroken) throw new Error('the engine does not answer')
  }
  using _ = forgetGuests({ database, release, afterDays: 7, clock, logger: noLogger })
  await clock.advance(8 * DAY)
  while ((await database.person.count()) === 2) await settlePromises()
  expect(await database.person.findMany({ select: { id: true } })).toEqual([{ id: 'first' }])
  isBroken = false
  await clock.advance(DAY)
  while ((await database.person.count()) === 1) await settlePromises()
})

it('forgets nobody because a clock is far ahead, when it starts or later, or because nobody could come for a month', async () => {
  const logins = new Logins({ database, connections: new Connections(), clock })
  await database.person.create({ data: { id: 'gus', name: 'Gus', isGuest: true, createdAt: new Date(clock.now()) } })
  await logins.open('gus')
  let ahead = 30 * DAY
  const wrong = {
    now: () => clock.now() + ahead,
    monotonic: () => clock.monotonic(),
    setTimeout: (run: () => void, delayMs: number) => clock.setTimeout(run, delayMs),
    sleep: (delayMs: number) => clock.sleep(delayMs),
  }
  const looked: number[] = []
  const spied = database.$extends({
    query: {
      person: {
        findMany: async ({ args, query }) => {
          const found = await query(args)
          looked.push(found.length)
          return found
        },
      },
    },
  }) as unknown as Database
  const release = async () => undefined
  using _ = forgetGuests({ database: spied, release, afterDays: 7, clock: wrong, logger: noLogger })
  while (looked.length < 1) await settlePromises()
  ahead = 300 * DAY
  await clock.advance(DAY)
  while (looked.length < 2) await settlePromises()
  expect(looked).toEqual([0, 0])
  await clock.advance(7 * DAY)
  while ((await database.person.count()) === 1) await settlePromises()
})
