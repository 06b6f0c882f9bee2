// Mounts what another machine shows, and does not wait for one that never answers. What it says of a failure are the
// words of k8s.io/mount-utils, which people look up.

import type { Run } from './run-program.ts'

export interface RemoteMount {
  /** As mount(8) knows it: `nfs`. */
  type: string
  source: string
  options: string[]
}

const GIVE_UP_SECONDS = 30
/** What timeout(1) ends with when it had to end the command, and when that did not listen. */
const TOO_LATE = [124, 137]

export async function mountRemote(path: string, { type, source, options }: RemoteMount, run: Run): Promise<void> {
  const how = ['-t', type, ...(options.length > 0 ? ['-o', options.join(',')] : [])]
  if ([...how, source].some((word) => word.includes('\0')))
    throw new Error('mount failed: the server, the path and the mount options cannot have a NUL character in them')
  // With the helper that mount(8) starts: it would go on trying. A server is no option, whatever its name begins with.
  const limited = ['-k', '5', String(GIVE_UP_SECONDS), 'mount', ...how, '--', source, path]
  const { exitCode, stdout, stderr } = await run('timeout', limited, {
    timeoutMs: (GIVE_UP_SECONDS + 10) * 1000,
  })
  if (exitCode === 0) return
  const why = TOO_LATE.includes(exitCode) ? `no answer within ${GIVE_UP_SECONDS} s` : `exit status ${exitCode}`
  const told = [...how, source, path].join(' ')
  throw new Error(
    `mount failed: ${why}\nMounting command: mount\nMounting arguments: ${told}\nOutput: ${stdout}${stderr}`,
  )
}
