// Accounts: who may log in, with what. Says nothing about whether a name exists to somebody who cannot log in with it.

import { randomBytes, randomUUID } from 'node:crypto'
import type { Clock } from '../../base/clock.ts'
import type { AccountRow } from '../api/people-contract.ts'
import { ClassroomError } from '../classroom-error.ts'
import type { Database } from '../database/open-database.ts'
import { role } from '../people/role.ts'
import { Attempts } from './attempts.ts'
import type { Connections } from './connections.ts'
import { isGoodToken, redeemToken } from './links.ts'
import type { Logins } from './logins.ts'
import { hashPassword, verifyPassword } from './passwords.ts'
import { type Person, selectPerson } from './person.ts'

export interface NewAccount {
  login: string
  name: string
  password: string
}

export interface AccountsOptions {
  database: Database
  logins: Logins
  connections: Connections
  /** For a person who is not let in any more. */
  freeSeat: (personId: string) => Promise<void>
  stateDir: string
  clock: Clock
}

const MINUTE_MS = 60_000

export class Accounts {
  readonly #options: AccountsOptions
  /** One browser guessing one password; many guessing it; one guessing many. A whole school may share an address. */
  readonly #tries: Record<'pair' | 'login' | 'address', Attempts>

  constructor(options: AccountsOptions) {
    const { clock } = options
    this.#options = options
    this.#tries = {
      pair: new Attempts({ clock, limit: 10, windowMs: 15 * MINUTE_MS }),
      login: new Attempts({ clock, limit: 100, windowMs: 60 * MINUTE_MS }),
      address: new Attempts({ clock, limit: 200, windowMs: 15 * MINUTE_MS }),
    }
  }

  async logIn(given: { login: string; password: string; address: string }): Promise<Person> {
    const login = given.login.toLowerCase()
    const credential = await this.#tried(login, given.address, async () => {
      const found = await this.#options.database.credential.findUnique({
        where: { login },
        select: { hash: true, person: { select: { ...selectPerson, disabledAt: true } } },
      })
      return (await verifyPassword(given.password, found?.hash)) ? found : undefined
    })
    if (!credential) throw new ClassroomError('login-wrong', 'This name and this password do not fit together.')
    const { disabledAt, ...person } = credential.person
    if (disabledAt) throw new ClassroomError('login-wrong', 'This account is closed. Ask whoever looks after Podium.')
    return person
  }

  async create(account: NewAccount, isAdmin = false): Promise<Person> {
    const login = account.login.toLowerCase()
    const hash = await hashPassword(account.password)
    return unlessTaken(login, () =>
      this.#options.database.person.create({
        data: { id: randomUUID(), name: account.name, isAdmin, credential: { create: { login, hash } } },
        select: selectPerson,
      }),
    )
  }

  /** By the one-time link of whoever runs Podium: on first start, and when no administrator remembers a password. */
  async createAdministrator(token: string, account: NewAccount): Promise<Person> {
    const { database, stateDir, clock } = this.#options
    const login = account.login.toLowerCase()
    if (!(await isGoodToken(stateDir, token, clock))) throw linkUsed()
    // Told only to somebody who has a link, and does not use it up.
    if (await database.credential.findUnique({ where: { login }, select: { personId: true } })) throw taken(login)
    if (!(await redeemToken(stateDir, token, clock))) throw linkUsed()
    // Who used this classroom on loopback before keeps what they did there.
    const local = await database.person.findFirst({
      where: { isLocal: true, credential: null },
      select: { id: true },
    })
    if (!local) return this.create(account, true)
    const hash = await hashPassword(account.password)
    return unlessTaken(login, () =>
      database.person.update({
        where: { id: local.id },
        data: { name: account.name, isAdmin: true, credential: { create: { login, hash } } },
        select: selectPerson,
      }),
    )
  }

  /** Other browsers of this person are logged out; the one that asks stays. */
  async changePassword(
    person: Person,
    given: { current: string; next: string; address: string; token: string | undefined },
  ): Promise<void> {
    const { database, logins } = this.#options
    const credential = await database.credential.findUnique({
      where: { personId: person.id },
      select: { login: true, hash: true },
    })
    if (!credential) throw new ClassroomError('not-allowed', 'You have no password here.')
    const fits = await this.#tried(credential.login, given.address, () =>
      verifyPassword(given.current, credential.hash).then((is) => is || undefined),
    )
    if (!fits) throw new ClassroomError('login-wrong', 'That is not your password now.')
    await this.#setPassword(person.id, given.next)
    await logins.endAll(person.id, given.token)
  }

  /** For administrators. Returns a password to hand over, which its owner should change; logs them out everywhere. */
  async resetPassword(personId: string): Promise<string> {
    const password = readablePassword()
    await this.#setPassword(personId, password)
    await this.#options.logins.endAll(personId)
    return password
  }

  async setClosed(personId: string, isClosed: boolean): Promise<void> {
    const { database, logins, freeSeat, clock } = this.#options
    if (isClosed) await this.#keepAnAdministrator(personId)
    await database.person.update({
      where: { id: personId },
      data: { disabledAt: isClosed ? new Date(clock.now()) : null },
      select: { id: true },
    })
    if (!isClosed) return
    await logins.endAll(personId)
    await freeSeat(personId)
  }

  async setAdmin(personId: string, isAdmin: boolean): Promise<void> {
    const { database, connections } = this.#options
    if (!isAdmin) await this.#keepAnAdministrator(personId)
    const { count } = await database.person.updateMany({ where: { id: personId, isGuest: false }, data: { isAdmin } })
    if (count === 0) throw new ClassroomError('not-allowed', 'A guest has no account.')
    connections.cut(personId)
  }

  async loginOf(personId: string): Promise<string | null> {
    const where = { personId }
    return (await this.#options.database.credential.findUnique({ where, select: { login: true } }))?.login ?? null
  }

  async list(): Promise<AccountRow[]> {
    const rows = await this.#options.database.credential.findMany({
      select: {
        login: true,
        person: {
          select: {
            ...selectPerson,
            disabledAt: true,
            logins: { select: { seenAt: true }, orderBy: { seenAt: 'desc' }, take: 1 },
            memberships: { select: { role: true, class: { select: { name: true } } } },
          },
        },
      },
      orderBy: { login: 'asc' },
    })
    return rows.map(({ login, person }) => ({
      personId: person.id,
      name: person.name,
      login,
      isAdmin: person.isAdmin,
      isClosed: person.disabledAt !== null,
      classes: person.memberships.map((each) => ({ name: each.class.name, role: role.parse(each.role) })),
      seenAt: person.logins[0]?.seenAt.getTime() ?? null,
    }))
  }

  /** Whether anybody can log in as an administrator. */
  async hasAdministrator(): Promise<boolean> {
    const where = { isAdmin: true, disabledAt: null, credential: { isNot: null } }
    return (await this.#options.database.person.count({ where })) > 0
  }

  async #keepAnAdministrator(without: string): Promise<void> {
    const where = {
      isAdmin: true,
      disabledAt: null,
      id: { not: without },
      OR: [{ credential: { isNot: null } }, { isLocal: true }],
    }
    if ((await this.#options.database.person.count({ where })) === 0) {
      throw new ClassroomError('not-allowed', 'This is the only administrator. Make somebody else one first.')
    }
  }

  async #setPassword(personId: string, password: string): Promise<void> {
    const { database, clock } = this.#options
    const hash = await hashPassword(password)
    const { count } = await database.credential.updateMany({
      where: { personId },
      data: { hash, changedAt: new Date(clock.now()) },
    })
    if (count === 0) throw new ClassroomError('account-unknown', 'This person has no account.')
  }

  /** Counts the try first; gives it back when it found something. */
  async #tried<T>(login: string, address: string, attempt: () => Promise<T | undefined>): Promise<T | undefined> {
    const keys = { address, pair: `${login} ${address}`, login }
    const kinds = ['address', 'pair', 'login'] as const
    for (const kind of kinds) this.#tries[kind].take(keys[kind])
    const found = await attempt()
    if (found !== undefined) for (const kind of kinds) this.#tries[kind].giveBack(keys[kind])
    return found
  }
}

async function unlessTaken<T>(login: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (err) {
    // Prisma's word for a value that must be the only one.
    if ((err as { code?: string }).code === 'P2002') throw taken(login)
    throw err
  }
}

const linkUsed = () =>
  new ClassroomError('link-used', 'This link was used already, or is too old. Make another: podium token create')

const taken = (login: string) => new ClassroomError('login-taken', `There is an account named “${login}” already.`)

/** Three groups of letters that are not mistaken for each other: 60 bits, and still typed from paper. */
function readablePassword(): string {
  const letters = 'abcdefghijkmnpqrstuvwxyz23456789'
  const text = Array.from(randomBytes(12), (byte) => letters[byte % letters.length]).join('')
  return text.replace(/(.{4})(?=.)/g, '$1-')
}
