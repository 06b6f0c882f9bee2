import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { FakeClock } from '../../base/clock.ts'
import { noLogger } from '../../base/logger.ts'
import { Accounts } from '../accounts/accounts.ts'
import { Connections } from '../accounts/connections.ts'
import { Logins } from '../accounts/logins.ts'
import { type SmallWorld, smallWorld } from '../accounts/testing/small-world.ts'
import { type Database, openDatabase } from '../database/open-database.ts'
import { Classes } from './classes.ts'
import { JoinCodes, type JoinRules } from './join-codes.ts'
import { Joining } from './joining.ts'

const migrations = join(import.meta.dirname, '..', '..', '..', 'prisma', 'migrations')
const address = '192.0.2.7'
const open: JoinRules = { seats: null, guests: true, validForHours: null }
const account = { login: 'new', name: 'New', password: 'long enough' }

let stateDir: string
let database: Database
let clock: FakeClock
let world: SmallWorld
let codes: JoinCodes
let joining: Joining
let classes: Classes
let logins: Logins
let connections: Connections
let released: string[]
let onRelease: (id: string) => Promise<unknown>
let joined: [classId: string, personId: string][]

beforeEach(async () => {
  stateDir = mkdtempSync(join(tmpdir(), 'podium-people-'))
  clock = new FakeClock(Date.now())
  database = openDatabase({ path: join(stateDir, 'podium.db'), migrations, clock })
  connections = new Connections()
  logins = new Logins({ database, connections, clock })
  const accounts = new Accounts({ database, logins, connections, freeSeat: async () => undefined, stateDir, clock })
  codes = new JoinCodes({ database, clock })
  joined = []
  const onJoined = async (...who: [string, string]) => void joined.push(who)
  joining = new Joining({ database, accounts, codes, onJoined })
  released = []
  onRelease = async () => undefined
  const release = async (id: string) => {
    released.push(id)
    await onRelease(id)
  }
  const seats = () => ({ total: 1, taken: 0, waiting: 0 })
  classes = new Classes({ database, logins, connections, release, seats, onJoined, clock, logger: noLogger })
  world = await smallWorld(database)
})

afterEach(async () => {
  await database[Symbol.asyncDispose]()
  rmSync(stateDir, { recursive: true })
})

async function newCode(rules: Partial<JoinRules> = {}): Promise<string> {
  await codes.replace(world.classId, { ...open, ...rules })
  return (await database.joinCode.findUniqueOrThrow({ where: { classId: world.classId } })).code
}

const who = (name: 'learner' | 'instructor' | 'guest' | 'stranger' | 'admin') => {
  const person = world.people[name]
  if (!person) throw new Error(name)
  return person
}

const roleOf = async (personId: string) => (await classes.member(world.classId, personId)).role

describe('join codes', () => {
  it('are read however they are typed', async () => {
    const code = await newCode()
    expect(code).toMatch(/^[B-Z2-9]{8}$/)
    const typed = ` ${code.slice(0, 4).toLowerCase()}-${code.slice(4)} `
    expect(await codes.look(typed, address)).toMatchObject({ classId: world.classId, className: 'Mine' })
  })

  it('open nothing when replaced, closed, expired or of an archived class', async () => {
    const refused = { code: 'code-wrong' }
    const first = await newCode()
    const second = await newCode({ validForHours: 2 })
    await expect(codes.look(first, address)).rejects.toMatchObject(refused)
    await clock.advance(2 * 3_600_000)
    await expect(codes.look(second, address)).rejects.toThrow('expired')
    const third = await newCode()
    await classes.setArchived(world.classId, true)
    await expect(joining.joinAsGuest('Zoe', third, address)).rejects.toMatchObject(refused)
    await classes.setArchived(world.classId, false)
    await codes.close(world.classId)
    await expect(codes.look(third, address)).rejects.toMatchObject(refused)
  })

  it('have no more seats than they have, however many come at once', async () => {
    const code = await newCode({ seats: 3 })
    const names = Array.from({ length: 10 }, (_, index) => `Guest ${index}`)
    const outcomes = await Promise.allSettled(names.map((name) => joining.joinAsGuest(name, code, address)))
    expect(outcomes.filter(({ status }) => status === 'fulfilled')).toHaveLength(3)
    for (const each of outcomes) if (each.status === 'rejected') expect(each.reason.code).toBe('class-full')
    expect(await database.person.count({ where: { name: { startsWith: 'Guest ' } } })).toBe(3)
  })

  it('cannot be guessed for long', async () => {
    const code = await newCode()
    for (let i = 0; i < 100; i++) await codes.look('AAAA', address).catch(() => undefined)
    await expect(codes.look(code, address)).rejects.toMatchObject({ code: 'too-many-tries' })
    expect(await codes.look(code, '192.0.2.8')).toBeDefined()
  })
})

describe('joining', () => {
  it('makes a learner of somebody with an account, of a new one and of a guest', async () => {
    const code = await newCode({ seats: 3 })
    const known = who('stranger')
    await joining.join(known, code, address)
    const fresh = await joining.joinWithNewAccount(account, code, address)
    const guest = await joining.joinAsGuest('Zoe', code, address)
    expect(await Promise.all([known, fresh, guest].map(({ id }) => roleOf(id)))).toEqual(Array(3).fill('learner'))
    expect([fresh.isGuest, guest.isGuest, guest.isAdmin]).toEqual([false, true, false])
    expect(joined).toEqual([known, fresh, guest].map(({ id }) => [world.classId, id]))
  })

  it('twice takes one seat, and makes no learner of an instructor', async () => {
    const code = await newCode({ seats: 1 })
    await joining.join(who('instructor'), code, address)
    await joining.join(who('instructor'), code, address)
    expect(await roleOf(who('instructor').id)).toBe('instructor')
    await joining.join(who('stranger'), code, address)
  })

  it('leaves no account behind when the class was full', async () => {
    const code = await newCode({ seats: 1 })
    await joining.joinAsGuest('Zoe', code, address)
    await expect(joining.joinWithNewAccount(account, code, address)).rejects.toMatchObject({ code: 'class-full' })
    expect(await database.credential.count({ where: { login: 'new' } })).toBe(0)
  })

  it('as a guest is for classes that take guests, and not with a name that is there', async () => {
    await expect(joining.joinAsGuest('Zoe', await newCode({ guests: false }), address)).rejects.toThrow('account')
    const code = await newCode()
    await joining.joinAsGuest('Zoe', code, address)
    await expect(joining.joinAsGuest('Zoe', code, address)).rejects.toMatchObject({ code: 'name-taken' })
  })
})

describe('classes', () => {
  it('always have an instructor', async () => {
    const { id } = who('instructor')
    await expect(classes.setRole(world.classId, id, 'learner')).rejects.toThrow('the only instructor')
    await expect(classes.remove(world.classId, id)).rejects.toThrow('the only instructor')
    const { login } = await database.credential.findUniqueOrThrow({ where: { personId: id } })
    const by = who('instructor')
    await expect(classes.add(world.classId, { login, as: 'learner', by })).rejects.toThrow('the only instructor')
    await classes.add(world.classId, { login, as: 'instructor', by })
    await classes.setRole(world.classId, who('learner').id, 'instructor')
    await classes.remove(world.classId, id)
  })

  it('bring no administrator in whom an administrator has not brought', async () => {
    const { id } = who('admin')
    const { login } = await database.credential.findUniqueOrThrow({ where: { personId: id } })
    const told = { login, as: 'learner' as const }
    await expect(classes.add(world.classId, { ...told, by: who('instructor') })).rejects.toMatchObject({
      code: 'not-allowed',
    })
    expect(await classes.teaches(who('instructor'), id)).toBe(false)
    await classes.add(world.classId, { ...told, by: who('admin') })
    expect(await classes.teaches(who('instructor'), id)).toBe(true)
  })

  it('are taught in classes that go on: who taught one that is archived looks at nobody any more', async () => {
    const { id } = who('learner')
    expect(await classes.teaches(who('instructor'), id)).toBe(true)
    await classes.setArchived(world.classId, true)
    expect(await classes.teaches(who('instructor'), id)).toBe(false)
    expect(await classes.teaches(who('admin'), id)).toBe(true)
  })

  it('are not taught by guests', async () => {
    await expect(classes.setRole(world.classId, who('guest').id, 'assistant')).rejects.toThrow('A guest')
  })

  it('give clusters back of those who are in none any more, and let guests go whole', async () => {
    const { id } = who('guest')
    const token = await logins.open(id)
    await classes.remove(world.classId, id)
    expect(await logins.personOf(token)).toBeUndefined()
    expect(released).toEqual([id])
    const learner = who('learner').id
    const stays = await logins.open(learner)
    await classes.remove(world.classId, learner)
    expect([await logins.personOf(stays), released]).toEqual([who('learner'), [id, learner]])
  })

  it('give clusters back when they are archived, but for those who have another class', async () => {
    await joining.join(who('stranger'), await newCode(), address)
    const cut: string[] = []
    for (const name of ['learner', 'stranger'] as const) connections.hold(who(name).id, () => cut.push(name))
    await classes.setArchived(world.classId, true)
    expect(released).toHaveLength(4)
    expect(released).not.toContain(who('stranger').id)
    expect(cut).toEqual(['learner'])
  })

  it('give back no more clusters when they are taken up again', async () => {
    onRelease = () => classes.setArchived(world.classId, false)
    await classes.setArchived(world.classId, true)
    expect(released).toHaveLength(1)
  })

  it('give back the clusters of the others when that of one cannot be', async () => {
    onRelease = () => Promise.reject(new Error('the engine does not answer'))
    await classes.setArchived(world.classId, true)
    expect(released).toHaveLength(4)
  })

  it('cut what a member has open when their role changes', async () => {
    let cuts = 0
    connections.hold(who('learner').id, () => cuts++)
    await classes.setRole(world.classId, who('learner').id, 'assistant')
    expect(cuts).toBe(1)
  })

  it('that go on give a right to a cluster', async () => {
    const may = () => Promise.all([who('learner'), who('admin')].map(({ id }) => classes.mayLearn(id)))
    expect(await may()).toEqual([true, true])
    await classes.setArchived(world.classId, true)
    expect(await may()).toEqual([false, true])
  })

  it('end what teachers have open of somebody who is removed', async () => {
    const cut: string[] = []
    for (const name of ['learner', 'instructor', 'stranger', 'guest'] as const) {
      connections.hold(who(name).id, () => cut.push(name))
    }
    await classes.remove(world.classId, who('learner').id)
    expect(cut).toEqual(['learner', 'instructor'])
  })

  it('are seen by those who are in them, and all by an administrator', async () => {
    const seen = async (name: Parameters<typeof who>[0]) => (await classes.listFor(who(name))).map((each) => each.name)
    expect([await seen('learner'), await seen('stranger'), await seen('admin')]).toEqual([
      ['Mine'],
      ['Another'],
      ['Mine', 'Another'],
    ])
    await expect(classes.seenBy(who('stranger'), world.classId)).rejects.toMatchObject({ code: 'class-unknown' })
  })
})
