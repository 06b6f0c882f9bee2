import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, it, onTestFinished } from 'vitest'
import { systemClock } from '../../base/clock.ts'
import { openDatabase } from './open-database.ts'

const migrations = join(import.meta.dirname, '..', '..', '..', 'prisma', 'migrations')

it.each([
  {
    name: 'is spoilt',
    content: 'x'.repeat(8192),
    says: 'file is not a database. `podium restore` brings a backup back',
  },
  { name: 'is empty', content: '', says: 'is empty, so what was in it is lost. `podium restore` brings a backup back' },
])('names the file of a database that $name, what to do, and leaves it alone', ({ content, says }) => {
  const directory = mkdtempSync(join(tmpdir(), 'podium-database-'))
  onTestFinished(() => rmSync(directory, { recursive: true }))
  const path = join(directory, 'podium.db')
  writeFileSync(path, content)
  expect(() => openDatabase({ path, migrations, clock: systemClock })).toThrow(says)
  expect(() => openDatabase({ path, migrations, clock: systemClock })).toThrow(path)
  expect(readFileSync(path, 'utf8')).toBe(content)
})
