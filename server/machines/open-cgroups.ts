// Chooses how groups are made on this host.
import type Docker from 'dockerode'
import { directoryCgroups } from './cgroup-files.ts'
import { type CgroupHost, cgroupSupport, examineCgroups } from './cgroup-host.ts'
import { sliceCgroups } from './cgroup-slices.ts'
import type { Cgroups } from './cgroups.ts'

export async function openCgroups(docker: Docker, installation: string): Promise<Cgroups> {
  const host = await examineCgroups(docker)
  const support = cgroupSupport(host)
  if (!support.supported) throw new Error(`${support.reason}; ${support.remedy}`)
  return ofInstallation(cgroupsOf(host), installation)
}

export function cgroupsOf(host: CgroupHost): Cgroups {
  return host.driver === 'systemd' ? sliceCgroups(host) : directoryCgroups(host)
}

/** A cluster of another installation may bear the same name. */
export function ofInstallation(cgroups: Cgroups, installation: string): Cgroups {
  const ours = ([cluster, ...rest]: readonly string[]) => (cluster ? [`${cluster}-${installation}`, ...rest] : [])
  return {
    parent: (path) => cgroups.parent(ours(path)),
    limit: (path, limits) => cgroups.limit(ours(path), limits),
    remove: (path) => cgroups.remove(ours(path)),
    directories: (path) => cgroups.directories(ours(path)),
  }
}
