// The classroom's own database: one SQLite file in the state directory. Clusters keep their state elsewhere.

import { mkdirSync } from 'node:fs'
import { dirname } from 'node:path'
import { PrismaBetterSqlite3 } from '@prisma/adapter-better-sqlite3'
import BetterSqlite3 from 'better-sqlite3'
import { PrismaClient } from '../../../prisma/generated/client.ts'
import type { Clock } from '../../base/clock.ts'
import { migrate } from './migrate.ts'

export type Database = PrismaClient & AsyncDisposable

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
  const raw = new BetterSqlite3(path)
  try {
    raw.pragma('journal_mode = WAL')
    migrate(raw, migrations, clock.now())
  } finally {
    raw.close()
  }
  const client = new PrismaClient({ adapter: new PrismaBetterSqlite3({ url: `file:${path}` }) })
  return Object.assign(client, { [Symbol.asyncDispose]: () => client.$disconnect() })
}
