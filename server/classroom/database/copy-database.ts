// The classroom's database as one file, also while a classroom writes to it: SQLite's own online backup.

import BetterSqlite3 from 'better-sqlite3'

export async function copyDatabase(path: string, to: string): Promise<void> {
  const raw = new BetterSqlite3(path, { readonly: true, fileMustExist: true })
  try {
    await raw.backup(to)
  } finally {
    raw.close()
  }
}
