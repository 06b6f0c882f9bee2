// One store, one process. The lock must go when its process is killed, so it has to be one that the kernel keeps.
// Node has no flock(2), but SQLite (built in) holds a kernel lock while a transaction is open: an empty database is
// our lock file. Nothing is ever stored in it.

import { DatabaseSync } from 'node:sqlite'
import { StoreLockedError } from './store-error.ts'

const SQLITE_BUSY = 5

export async function lockDirectory(path: string): Promise<Disposable> {
  const database = new DatabaseSync(path)
  try {
    database.exec('PRAGMA journal_mode = MEMORY; PRAGMA locking_mode = EXCLUSIVE; BEGIN EXCLUSIVE')
  } catch (error) {
    database.close()
    if ((error as { errcode?: number }).errcode === SQLITE_BUSY) throw new StoreLockedError(path, { cause: error })
    throw error
  }
  return { [Symbol.dispose]: () => database.close() }
}
