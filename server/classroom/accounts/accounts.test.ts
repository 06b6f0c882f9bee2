import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { FakeClock } from '../../base/clock.ts'
import { type Database, openDatabase } from '../database/open-database.ts'
import { Accounts } from './accounts.ts'
import { Connections } from './connections.ts'
import { createToken } from './links.ts'
import { localPerson } from './local-person.ts'
import { Logins } from './logins.ts'

const migrations = join(import.meta.dirname, '..', '..', '..', 'prisma', 'migrations')
const ada = { login: 'Ada', name: 'Ada Lovelace', password: 'analytical engine' }
const address = '192.0.2.7'

let stateDir: string
let database: Database
let clock: FakeClock
let logins: Logins
let accounts: Accounts
let freed: string[]

beforeEach(() => {
  stateDir = mkdtempSync(join(tmpdir(), 'podium-accounts-'))
  clock = new FakeClock(Date.now())
  database = openDatabase({ path: join(stateDir, 'podium.db'), migrations, clock })
  const connections = new Connections()
  freed = []
  logins = new Logins({ database, connections, clock })
  accounts = new Accounts({
    database,
    logins,
    connections,
    freeSeat: async (id) => void freed.push(id),
    stateDir,
    clock,
  })
})

afterEach(async () => {
  await database[Symbol.asyncDispose]()
  rmSync(stateDir, { recursive: true })
})

const logIn = (login: string, password: string, from = address) => accounts.logIn({ login, password, address: from })

describe('logging in', () => {
  it('takes the name however it is written, and the password as it is', async () => {
    const { id } = await accounts.create(ada)
    expect((await logIn('aDA', ada.password)).id).toBe(id)
    await expect(logIn('ada', 'Analytical Engine')).rejects.toMatchObject({ code: 'login-wrong' })
  })

  it('says the same about a wrong password as about a name that nobody has', async () => {
    await accounts.create(ada)
    const words = await Promise.all(
      ['ada', 'eve'].map((login) => logIn(login, 'wrong').then(String, (err: Error) => err.message)),
    )
    expect(words[0]).toBe(words[1])
  })

  it('ends a guesser’s tries, also for names that nobody has, until some time has passed', async () => {
    await accounts.create(ada)
    for (const login of ['ada', 'eve']) {
      const tries = await Promise.allSettled(Array.from({ length: 30 }, () => logIn(login, 'wrong')))
      const codes = tries.map((each) => (each.status === 'rejected' ? each.reason.code : 'in'))
      expect(codes.filter((code) => code === 'login-wrong')).toHaveLength(10)
      expect(codes.filter((code) => code === 'too-many-tries')).toHaveLength(20)
    }
    await expect(logIn('ada', ada.password)).rejects.toThrow('Try again in 15 minutes')
    expect((await logIn('ada', ada.password, '192.0.2.8')).name).toBe(ada.name)
    await clock.advance(15 * 60_000)
    expect((await logIn('ada', ada.password)).name).toBe(ada.name)
  })

  it('counts only what fails: a class that logs in from one address is no attack', async () => {
    await accounts.create(ada)
    for (let i = 0; i < 12; i++) await logIn('ada', ada.password)
  })

  it('is refused to a closed account, which has been logged out as well', async () => {
    const { id } = await accounts.create(ada)
    const token = await logins.open(id)
    await accounts.create({ ...ada, login: 'admin' }, true)
    await accounts.setClosed(id, true)
    expect([await logins.personOf(token), freed]).toEqual([undefined, [id]])
    await expect(logIn('ada', ada.password)).rejects.toThrow('This account is closed')
    await accounts.setClosed(id, false)
    expect((await logIn('ada', ada.password)).id).toBe(id)
  })

  it('ends after a month without being here', async () => {
    const { id } = await accounts.create(ada)
    const token = await logins.open(id)
    await clock.advance(29 * 24 * 3_600_000)
    expect(await logins.personOf(token)).toBeDefined()
    await clock.advance(29 * 24 * 3_600_000)
    expect(await logins.personOf(token)).toBeDefined()
    await clock.advance(31 * 24 * 3_600_000)
    expect(await logins.personOf(token)).toBeUndefined()
  })
})

describe('accounts', () => {
  it('have names that only one may have', async () => {
    await accounts.create(ada)
    await expect(accounts.create({ ...ada, login: 'ADA' })).rejects.toMatchObject({ code: 'login-taken' })
  })

  it('keep their password from those who only found the browser open', async () => {
    const person = await accounts.create(ada)
    const [here, there] = [await logins.open(person.id), await logins.open(person.id)]
    const change = (current: string) =>
      accounts.changePassword(person, { current, next: 'difference engine', address, token: here })
    await expect(change('guess')).rejects.toMatchObject({ code: 'login-wrong' })
    await change(ada.password)
    expect([await logins.personOf(here), await logins.personOf(there)]).toEqual([person, undefined])
    expect((await logIn('ada', 'difference engine')).id).toBe(person.id)
  })

  it('get another password from an administrator, and are logged out by that', async () => {
    const { id } = await accounts.create(ada)
    const token = await logins.open(id)
    const password = await accounts.resetPassword(id)
    expect(await logins.personOf(token)).toBeUndefined()
    expect((await logIn('ada', password)).id).toBe(id)
    await expect(logIn('ada', ada.password)).rejects.toMatchObject({ code: 'login-wrong' })
  })

  it('always leave one administrator', async () => {
    const { id } = await accounts.create(ada, true)
    await expect(accounts.setAdmin(id, false)).rejects.toThrow('the only administrator')
    await expect(accounts.setClosed(id, true)).rejects.toThrow('the only administrator')
  })
})

describe('the administrator’s link', () => {
  it('makes one administrator, once', async () => {
    const token = await createToken(stateDir)
    expect(await accounts.hasAdministrator()).toBe(false)
    const tries = await Promise.allSettled(
      ['a1', 'a2', 'a3'].map((login) => accounts.createAdministrator(token, { ...ada, login })),
    )
    expect(tries.filter(({ status }) => status === 'fulfilled')).toHaveLength(1)
    expect(await database.person.count({ where: { isAdmin: true } })).toBe(1)
    expect(await accounts.hasAdministrator()).toBe(true)
  })

  it('is not used up by a name that is taken', async () => {
    await accounts.create(ada)
    const token = await createToken(stateDir)
    await expect(accounts.createAdministrator(token, ada)).rejects.toMatchObject({ code: 'login-taken' })
    expect((await accounts.createAdministrator(token, { ...ada, login: 'root' })).isAdmin).toBe(true)
  })

  it('is looked at before anything is told of a name', async () => {
    await accounts.create(ada)
    await expect(accounts.createAdministrator('x'.repeat(43), ada)).rejects.toMatchObject({ code: 'link-used' })
  })

  it('gives the account to who used the classroom on loopback before', async () => {
    const local = await localPerson(database, 'me')
    const made = await accounts.createAdministrator(await createToken(stateDir), ada)
    expect(made).toEqual({ ...local, name: ada.name })
  })
})
