// Where everything that outlives a process is kept. Read from the environment here and nowhere below.

import { homedir } from 'node:os'
import { join } from 'node:path'

export function stateDirectory(environment: NodeJS.ProcessEnv, uid: number | undefined): string {
  if (environment.PODIUM_HOME) return environment.PODIUM_HOME
  return uid === 0 ? '/var/lib/podium' : join(homedir(), '.local', 'share', 'podium')
}
