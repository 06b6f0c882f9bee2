import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import BetterSqlite3 from 'better-sqlite3'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { migrate } from './migrate.ts'

const migrations = join(import.meta.dirname, '..', '..', '..', 'prisma', 'migrations')

let directory: string
let database: BetterSqlite3

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'podium-migrate-'))
  database = new BetterSqlite3(':memory:')
})

afterEach(() => {
  database.close()
  rmSync(directory, { recursive: true })
})

function write(name: string, sql: string): void {
  mkdirSync(join(directory, name), { recursive: true })
  writeFileSync(join(directory, name, 'migration.sql'), sql)
}

const tables = () =>
  database
    .prepare("SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE '\\_%' ESCAPE '\\' ORDER BY name")
    .all()
    .map((row) => (row as { name: string }).name)

describe('migrate', () => {
  it('applies what is missing, in order, and the second time nothing', () => {
    write('0002_more', 'ALTER TABLE a ADD COLUMN y')
    write('0001_start', 'CREATE TABLE a (x)')
    expect(migrate(database, directory, 1)).toEqual(['0001_start', '0002_more'])
    expect(migrate(database, directory, 2)).toEqual([])
    write('0003_last', 'CREATE TABLE b (x)')
    expect(migrate(database, directory, 3)).toEqual(['0003_last'])
    expect(tables()).toEqual(['a', 'b'])
  })

  it('keeps nothing of a migration that fails half way', () => {
    write('0001_start', 'CREATE TABLE a (x); CREATE TABLE a (x)')
    expect(() => migrate(database, directory, 1)).toThrow(/0001_start failed, and nothing of it was kept/)
    expect(tables()).toEqual([])
    write('0001_start', 'CREATE TABLE a (x)')
    expect(migrate(database, directory, 1)).toEqual(['0001_start'])
  })

  it('refuses a database that is newer than the program', () => {
    write('0001_start', 'CREATE TABLE a (x)')
    write('0002_future', 'CREATE TABLE b (x)')
    migrate(database, directory, 1)
    rmSync(join(directory, '0002_future'), { recursive: true })
    expect(() => migrate(database, directory, 1)).toThrow(/newer than this Podium: it has migration 0002_future/)
  })

  it('refuses a migration that was changed after it had been applied', () => {
    write('0001_start', 'CREATE TABLE a (x)')
    migrate(database, directory, 1)
    write('0001_start', 'CREATE TABLE a (x, y)')
    expect(() => migrate(database, directory, 1)).toThrow(/0001_start was changed/)
  })

  it('gives the real schema every column that the client asks for', async () => {
    const { openDatabase } = await import('./open-database.ts')
    const { systemClock } = await import('../../base/clock.ts')
    await using db = openDatabase({ path: join(directory, 'podium.db'), migrations, clock: systemClock })
    const learner = await db.person.create({ data: { id: 'me', name: 'Me' } })
    expect(learner.createdAt).toBeInstanceOf(Date)
    const run = await db.labRun.create({ data: { id: 'run', learnerId: 'me', labId: 'pods' } })
    await db.stepResult.create({ data: { runId: run.id, step: 1 } })
    await db.answer.create({ data: { runId: run.id, questionId: 'q', choice: 1, correct: false } })
    await db.hintOpened.create({ data: { runId: run.id, hintId: '1.hint-1' } })
    await db.sandbox.create({ data: { cluster: 'lab-a', kind: 'real', learnerId: 'me' } })
    await db.person.delete({ where: { id: 'me' } })
    expect(await db.stepResult.count()).toBe(0)
    expect(await db.sandbox.findMany({ select: { cluster: true, learnerId: true } })).toEqual([
      { cluster: 'lab-a', learnerId: null },
    ])
  })

  it('makes a learner of before a person, with everything they had', async () => {
    const { openDatabase } = await import('./open-database.ts')
    const { systemClock } = await import('../../base/clock.ts')
    const path = join(directory, 'podium.db')
    const before = new BetterSqlite3(path)
    write('0001_start', readFileSync(join(migrations, '0001_start', 'migration.sql'), 'utf8'))
    migrate(before, directory, 1)
    before.exec("INSERT INTO Learner (id, name) VALUES ('ada', 'Ada')")
    before.exec("INSERT INTO LabRun (id, learnerId, labId) VALUES ('run', 'ada', 'pods')")
    before.exec("INSERT INTO Sandbox (cluster, learnerId, kind) VALUES ('lab-a', 'ada', 'real')")
    before.close()
    await using db = openDatabase({ path, migrations, clock: systemClock })
    expect(await db.person.findMany({ include: { labRuns: true, sandbox: true } })).toMatchObject([
      { name: 'Ada', isLocal: true, isAdmin: true, labRuns: [{ id: 'run' }], sandbox: { cluster: 'lab-a' } },
    ])
    await db.person.delete({ where: { id: 'ada' } })
    expect([await db.labRun.count(), await db.sandbox.count()]).toEqual([0, 1])
  })
})
