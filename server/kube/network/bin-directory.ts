// `/opt/cni/bin` as a directory that a learner can put a plug-in of their own into. Machines come with a link there, to the
// plug-ins of Debian, which all machines share and nobody can write to.

import type { NodeOs } from '../node-os/node-os.ts'

/** Debian's plug-ins stay where they are and are linked to. Safe to repeat; what else is there is left alone. */
export async function openBinDirectory(os: NodeOs, directory: string, shared = '/usr/lib/cni'): Promise<void> {
  const { exitCode } = await os.run('test', ['-L', directory])
  if (exitCode === 0) await os.remove(directory)
  await os.makeDirectory(directory, { mode: 0o755 })
  const there = new Set(await os.list(directory))
  const missing = (await os.list(shared)).filter((name) => !there.has(name))
  if (missing.length > 0) await os.run('ln', ['-s', ...missing.map((name) => `${shared}/${name}`), directory])
}
