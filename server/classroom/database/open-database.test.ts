import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, it, onTestFinished } from 'vitest'
import { systemClock } from '../../base/clock.ts'
import { openDatabase } from './open-database.ts'

it('names the file of a database that is spoilt, and what to do', () => {
  const directory = mkdtempSync(join(tmpdir(), 'podium-database-'))
  onTestFinished(() => rmSync(directory, { recursive: true }))
  const path = join(directory, 'podium.db')
  writeFileSync(path, 'x'.repeat(8192))
  const migrations = join(import.meta.dirname, '..', '..', '..', 'prisma', 'migrations')
  expect(() => openDatabase({ path, migrations, clock: systemClock })).toThrow(
    `${path}: file is not a database. \`podium restore\` brings a backup back`,
  )
})
