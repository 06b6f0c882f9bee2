// Where everything that outlives a process is kept. Read from the environment here and nowhere below.

import { readdir, rm, rmdir } from 'node:fs/promises'
import { homedir } from 'node:os'
import { join } from 'node:path'

export function stateDirectory(environment: NodeJS.ProcessEnv, uid: number | undefined): string {
  if (environment.PODIUM_HOME) return environment.PODIUM_HOME
  return uid === 0 ? '/var/lib/podium' : join(homedir(), '.local', 'share', 'podium')
}

/** With all that is in it. False where something is mounted on it: then it is empty, and stays for who mounted that. */
export async function removeStateDirectory(path: string): Promise<boolean> {
  for (const name of await readdir(path)) await rm(join(path, name), { recursive: true, force: true })
  try {
    await rmdir(path)
    return true
  } catch (err) {
    if ((err as NodeJS.ErrnoException).code === 'EBUSY') return false
    throw err
  }
}
