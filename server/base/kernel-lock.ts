// A lock that goes when its process is gone, however that went: by a crash or a power cut, or with its number given to
// another process since. So it has to be one that the kernel keeps. Node has no flock(2), but SQLite (built in) holds a
// kernel lock while a transaction is open: an empty database is our lock file. Nothing is ever stored in it, and it stays.
// Such locks go when their own process opens the file anew and closes it: nobody may read it.

import { truncateSync } from 'node:fs'
import { DatabaseSync } from 'node:sqlite'

const SQLITE_BUSY = 5
const SQLITE_NOTADB = 26

/** Undefined while somebody else holds it, in this process or another. */
export function takeKernelLock(path: string): Disposable | undefined {
  try {
    return open(path)
  } catch (error) {
    const { errcode } = error as { errcode?: number }
    if (errcode === SQLITE_BUSY) return undefined
    if (errcode !== SQLITE_NOTADB) throw error
  }
  // What a failing disk, or somebody, wrote into it: nobody holds it, or it would be busy.
  truncateSync(path)
  return takeKernelLock(path)
}

function open(path: string): Disposable {
  const database = new DatabaseSync(path)
  try {
    database.exec('PRAGMA journal_mode = MEMORY; PRAGMA locking_mode = EXCLUSIVE; BEGIN EXCLUSIVE')
  } catch (error) {
    database.close()
    throw error
  }
  return { [Symbol.dispose]: () => database.close() }
}
