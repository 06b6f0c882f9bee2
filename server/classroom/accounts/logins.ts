// Browsers that are logged in. The cookie's token is random and says nothing; the database knows its hash, so whoever
// reads the database cannot log in with it, and taking the row away logs the browser out at once.

import { createHash, randomBytes } from 'node:crypto'
import type { Clock } from '../../base/clock.ts'
import type { Database } from '../database/open-database.ts'
import type { Connections } from './connections.ts'
import { type Person, selectPerson } from './person.ts'

const HOUR_MS = 3_600_000
const UNUSED_FOR_MS = 30 * 24 * HOUR_MS
const TOKEN = /^[\w-]{43}$/

const hashOf = (token: string) => createHash('sha256').update(token).digest('hex')

export interface LoginsOptions {
  database: Database
  connections: Connections
  clock: Clock
}

export class Logins {
  readonly #options: LoginsOptions

  constructor(options: LoginsOptions) {
    this.#options = options
  }

  /** Returns the token for the browser's cookie. Always a new one: a token from before a log-in is worth nothing after it. */
  async open(personId: string): Promise<string> {
    const { database, clock } = this.#options
    const token = randomBytes(32).toString('base64url')
    const now = new Date(clock.now())
    await database.login.create({
      data: { tokenHash: hashOf(token), personId, createdAt: now, seenAt: now },
      select: { personId: true },
    })
    return token
  }

  async personOf(token: string | undefined): Promise<Person | undefined> {
    if (!token || !TOKEN.test(token)) return undefined
    const { database, clock } = this.#options
    const tokenHash = hashOf(token)
    const login = await database.login.findUnique({
      where: { tokenHash },
      select: { seenAt: true, person: { select: { ...selectPerson, disabledAt: true } } },
    })
    if (!login || login.person.disabledAt) return undefined
    const unusedMs = clock.now() - login.seenAt.getTime()
    if (unusedMs > UNUSED_FOR_MS) {
      await database.login.deleteMany({ where: { tokenHash } })
      return undefined
    }
    if (unusedMs > HOUR_MS) {
      await database.login.updateMany({ where: { tokenHash }, data: { seenAt: new Date(clock.now()) } })
    }
    const { disabledAt: _, ...person } = login.person
    return person
  }

  /** Logs one browser out. What it had open ends; other browsers of the same person connect again by themselves. */
  async end(token: string): Promise<void> {
    const { database, connections } = this.#options
    const tokenHash = hashOf(token)
    const login = await database.login.findUnique({ where: { tokenHash }, select: { personId: true } })
    await database.login.deleteMany({ where: { tokenHash } })
    if (login) connections.cut(login.personId)
  }

  /** Logs a person out everywhere, or everywhere but in one browser. */
  async endAll(personId: string, except?: string): Promise<void> {
    const { database, connections } = this.#options
    await database.login.deleteMany({
      where: { personId, ...(except ? { tokenHash: { not: hashOf(except) } } : {}) },
    })
    connections.cut(personId)
  }
}
