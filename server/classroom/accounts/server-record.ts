// Which process serves this state directory, and where. Two would fight over clusters and database, so the second one
// is told about the first. The record also lets the command line make complete links.

import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import type { Entrance } from './entrance.ts'

export interface ServerRecord {
  pid: number
  /** Empty while it is still starting. */
  origin: string
  /** Whether people log in there. */
  accounts: boolean
}

const fileOf = (stateDir: string) => join(stateDir, 'classroom', 'server.json')

/** The server that runs on this state directory now, if one does. */
export function runningServer(stateDir: string): ServerRecord | undefined {
  try {
    const record = JSON.parse(readFileSync(fileOf(stateDir), 'utf8')) as ServerRecord
    return isServer(record.pid) ? record : undefined
  } catch {
    return undefined
  }
}

/** Write the origin when it is known; dispose when the server has stopped. Check `runningServer` first. */
export function claimStateDir(
  stateDir: string,
  pid: number,
): { listensAt(place: Pick<Entrance, 'answersAs' | 'accounts'>): void } & Disposable {
  const path = fileOf(stateDir)
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 })
  const write = (record: ServerRecord) => writeFileSync(path, JSON.stringify(record), { mode: 0o600 })
  write({ pid, origin: '', accounts: false })
  return {
    listensAt: ({ answersAs, accounts }) => write({ pid, origin: answersAs, accounts }),
    [Symbol.dispose]: () => rmSync(path, { force: true }),
  }
}

/** Process ids are used again, so the name of the program has to fit as well, where that can be read. */
function isServer(pid: number): boolean {
  if (pid === process.pid) return false
  try {
    process.kill(pid, 0)
  } catch {
    return false
  }
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes('main.ts')
  } catch {
    return true
  }
}
