// Several installations may share a host, each with a state directory of its own. What they name there (containers,
// networks, cgroups) ends with the installation's mark, so that each can have a cluster called demo.
import { createHash } from 'node:crypto'

export function installationOf(realStateDir: string): string {
  return createHash('sha256').update(realStateDir).digest('hex').slice(0, 8)
}

/** `podium-demo-node-1-862b2bc6` */
export function nameOnEngine(installation: string, ...parts: readonly string[]): string {
  return ['podium', ...parts, installation].join('-')
}
