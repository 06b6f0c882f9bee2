// Brings the database to the newest shape before anything else opens it: each migration once, each in a transaction.
//
// The book-keeping table and the checksums are Prisma's own (`_prisma_migrations`, SHA-256 of the file), so that its
// tools agree about what was applied, but no engine of theirs is needed to start a classroom.

import { createHash, randomUUID } from 'node:crypto'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import type Database from 'better-sqlite3'

/** Says what to do about a database that this program cannot use. */
export class MigrationError extends Error {
  override readonly name = 'MigrationError'
}

interface Migration {
  name: string
  sql: string
  checksum: string
}

interface Applied {
  name: string
  checksum: string
  finished: number | string | null
}

const TABLE = `CREATE TABLE IF NOT EXISTS "_prisma_migrations" (
  "id" TEXT PRIMARY KEY NOT NULL,
  "checksum" TEXT NOT NULL,
  "finished_at" DATETIME,
  "migration_name" TEXT NOT NULL,
  "logs" TEXT,
  "rolled_back_at" DATETIME,
  "started_at" DATETIME NOT NULL DEFAULT current_timestamp,
  "applied_steps_count" INTEGER UNSIGNED NOT NULL DEFAULT 0
)`

/** Returns the names of the migrations that it applied. `now` is written down as when it happened. */
export function migrate(database: Database, directory: string, now: number): string[] {
  database.exec(TABLE)
  const known = readMigrations(directory)
  const applied = database
    .prepare(
      'SELECT migration_name AS name, checksum, finished_at AS finished FROM "_prisma_migrations" WHERE rolled_back_at IS NULL ORDER BY migration_name',
    )
    .all() as Applied[]
  refuseUnknown(applied, known)
  const done = new Set(applied.map(({ name }) => name))
  const missing = known.filter(({ name }) => !done.has(name))
  const record = database.prepare(
    'INSERT INTO "_prisma_migrations" (id, checksum, migration_name, started_at, finished_at, applied_steps_count) VALUES (?, ?, ?, ?, ?, 1)',
  )
  for (const { name, sql, checksum } of missing) {
    const apply = database.transaction(() => {
      database.exec(sql)
      record.run(randomUUID(), checksum, name, now, now)
    })
    try {
      apply()
    } catch (err) {
      throw new MigrationError(`migration ${name} failed, and nothing of it was kept: ${(err as Error).message}`, {
        cause: err,
      })
    }
  }
  return missing.map(({ name }) => name)
}

function refuseUnknown(applied: readonly Applied[], known: readonly Migration[]): void {
  for (const { name, checksum, finished } of applied) {
    const here = known.find((migration) => migration.name === name)
    if (!here) {
      throw new MigrationError(
        `the database is newer than this Podium: it has migration ${name}, which is not known here. Start the newer version again, or restore a backup from before.`,
      )
    }
    if (here.checksum !== checksum) {
      throw new MigrationError(
        `migration ${name} was changed after it had been applied. Restore the file, and write a new migration instead.`,
      )
    }
    if (finished === null) {
      throw new MigrationError(`migration ${name} was begun and never finished. Restore a backup from before.`)
    }
  }
}

function readMigrations(directory: string): Migration[] {
  return readdirSync(directory, { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map((entry) => entry.name)
    .sort()
    .map((name) => {
      const sql = readFileSync(join(directory, name, 'migration.sql'), 'utf8')
      return { name, sql, checksum: createHash('sha256').update(sql).digest('hex') }
    })
}
