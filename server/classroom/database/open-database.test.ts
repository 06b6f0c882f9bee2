import { copyFileSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import BetterSqlite3 from 'better-sqlite3'
import { expect, it, onTestFinished } from 'vitest'
import { systemClock } from '../../base/clock.ts'
import { openDatabase } from './open-database.ts'

const migrations = join(import.meta.dirname, '..', '..', '..', 'prisma', 'migrations')

function folder(): string {
  const directory = mkdtempSync(join(tmpdir(), 'podium-database-'))
  onTestFinished(() => rmSync(directory, { recursive: true }))
  return directory
}

it.each([
  {
    name: 'is spoilt',
    content: 'x'.repeat(8192),
    says: 'file is not a database. `podium restore` brings a backup back',
  },
  { name: 'is empty', content: '', says: 'is empty, so what was in it is lost. `podium restore` brings a backup back' },
])('names the file of a database that $name, what to do, and leaves it alone', ({ content, says }) => {
  const path = join(folder(), 'podium.db')
  writeFileSync(path, content)
  expect(() => openDatabase({ path, migrations, clock: systemClock })).toThrow(says)
  expect(() => openDatabase({ path, migrations, clock: systemClock })).toThrow(path)
  expect(readFileSync(path, 'utf8')).toBe(content)
})

it('names the file that the disk refuses, and asks for space and leave to write', () => {
  const path = join(folder(), 'podium.db')
  mkdirSync(path)
  const open = () => openDatabase({ path, migrations, clock: systemClock })
  expect(open).toThrow(`${path}: unable to open database file. Is there space on the disk`)
})

it('gives a new one its name when it is whole: what a start leaves that was cut short is nobody’s', async () => {
  const path = join(folder(), 'podium.db')
  const broken = folder()
  mkdirSync(join(broken, '0001_start'))
  writeFileSync(join(broken, '0001_start', 'migration.sql'), 'CREATE TABLE Other (x); nonsense')
  expect(() => openDatabase({ path, migrations: broken, clock: systemClock })).toThrow('nonsense')
  expect(readdirSync(join(path, '..'))).not.toContain('podium.db')
  await using database = openDatabase({ path, migrations, clock: systemClock })
  expect(await database.person.count()).toBe(0)
})

it('lays no log over a new one that another has left', async () => {
  const [directory, elsewhere] = [folder(), folder()]
  const other = new BetterSqlite3(join(elsewhere, 'other.db'))
  other.pragma('journal_mode = WAL')
  other.exec('CREATE TABLE Other (x)')
  copyFileSync(join(elsewhere, 'other.db-wal'), join(directory, 'podium.db-wal'))
  other.close()
  await using database = openDatabase({ path: join(directory, 'podium.db'), migrations, clock: systemClock })
  expect(await database.person.count()).toBe(0)
})
