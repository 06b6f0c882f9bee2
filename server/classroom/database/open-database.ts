// The classroom's own database: one SQLite file in the state directory. Clusters keep their state elsewhere.

import { closeSync, fsyncSync, mkdirSync, openSync, renameSync, rmSync, statSync } from 'node:fs'
import { dirname } from 'node:path'
import { PrismaBetterSqlite3 } from '@prisma/adapter-better-sqlite3'
import BetterSqlite3 from 'better-sqlite3'
import { PrismaClient } from '../../../prisma/generated/client.ts'
import type { Clock } from '../../base/clock.ts'
import { MigrationError, migrate } from './migrate.ts'

export type Database = PrismaClient & AsyncDisposable

const WAY_BACK = '`podium restore` brings a backup back into an empty PODIUM_HOME'
const WAY_OUT = `${WAY_BACK}; without one, \`sqlite3 podium.db .recover\` may save some of it`

/** SQLite's codes, and what can be done. */
const REMEDIES: [RegExp, string][] = [
  [/^SQLITE_(NOTADB|CORRUPT)/, WAY_OUT],
  [
    /^SQLITE_(FULL|IOERR|READONLY|CANTOPEN)/,
    'Is there space on the disk, and may it be written to? Mend that and start again; nothing was lost',
  ],
]

const remedyOf = ({ code = '' }: { code?: string }) => REMEDIES.find(([codes]) => codes.test(code))?.[1]

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
  try {
    bringUpToDate(path, migrations, clock.now())
  } catch (err) {
    const remedy = remedyOf(err as { code?: string })
    throw remedy ? new MigrationError(`${path}: ${(err as Error).message}. ${remedy}`, { cause: err }) : err
  }
  const client = new PrismaClient({ adapter: new PrismaBetterSqlite3({ url: `file:${path}` }) })
  return Object.assign(client, { [Symbol.asyncDispose]: () => client.$disconnect() })
}

function bringUpToDate(path: string, migrations: string, now: number): void {
  const isNew = statSync(path, { throwIfNoEntry: false }) === undefined
  // A start that is cut short must not leave an empty one, which is refused: a new one gets its name when it is whole.
  const file = isNew ? `${path}.new` : path
  // A log without its database is that of another one, and would be laid over this.
  const left = isNew ? [file, `${file}-journal`, `${file}-wal`, `${path}-journal`, `${path}-wal`] : []
  for (const each of left) rmSync(each, { force: true })
  const raw = new BetterSqlite3(file)
  try {
    raw.pragma('journal_mode = WAL')
    migrate(raw, migrations, now)
  } finally {
    raw.close()
  }
  if (!isNew) return
  renameSync(file, path)
  const folder = openSync(dirname(path), 'r')
  fsyncSync(folder)
  closeSync(folder)
}
