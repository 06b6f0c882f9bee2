// A root shell on a machine of a cluster, from the host.

import { run } from './commands.ts'

/** Throws with the script's own words when it fails. */
export async function onMachine(cluster: string, name: string, script: string): Promise<string> {
  const filters = [`label=podium.cluster=${cluster}`, `label=podium.machine=${name}`]
  const found = await run('docker', ['ps', '-q', ...filters.flatMap((filter) => ['--filter', filter])])
  const id = found.stdout.trim()
  const enter = ['/usr/lib/podium/enter.sh', 'bash', '-c', script]
  const { code, stdout, stderr } = await run('docker', ['exec', id, ...enter])
  if (code !== 0) throw new Error(`on ${name}: ${script}\n${stdout}${stderr}`)
  return stdout
}
