// The classroom's own database: one SQLite file in the state directory. Clusters keep their state elsewhere.

import { mkdirSync, statSync } from 'node:fs'
import { dirname } from 'node:path'
import { PrismaBetterSqlite3 } from '@prisma/adapter-better-sqlite3'
import BetterSqlite3 from 'better-sqlite3'
import { PrismaClient } from '../../../prisma/generated/client.ts'
import type { Clock } from '../../base/clock.ts'
import { MigrationError, migrate } from './migrate.ts'

export type Database = PrismaClient & AsyncDisposable

const WAY_BACK = '`podium restore` brings a backup back into an empty PODIUM_HOME'
const WAY_OUT = `${WAY_BACK}; without one, \`sqlite3 podium.db .recover\` may save some of it`

const isSpoilt = (err: unknown): err is Error =>
  err instanceof Error && /^SQLITE_(NOTADB|CORRUPT)/.test((err as { code?: string }).code ?? '')

export function openDatabase({
  path,
  migrations,
  clock,
}: {
  path: string
  migrations: string
  clock: Clock
}): Database {
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 })
  // SQLite would take it for a new one, and throw away what a log beside it still has.
  if (statSync(path, { throwIfNoEntry: false })?.size === 0) {
    throw new MigrationError(
      `${path} is empty, so what was in it is lost. ${WAY_BACK}. Remove the file if there was no class in it yet: a new one is made`,
    )
  }
  const raw = new BetterSqlite3(path)
  try {
    raw.pragma('journal_mode = WAL')
    migrate(raw, migrations, clock.now())
  } catch (err) {
    throw isSpoilt(err) ? new MigrationError(`${path}: ${err.message}. ${WAY_OUT}`, { cause: err }) : err
  } finally {
    raw.close()
  }
  const client = new PrismaClient({ adapter: new PrismaBetterSqlite3({ url: `file:${path}` }) })
  return Object.assign(client, { [Symbol.asyncDispose]: () => client.$disconnect() })
}
