// Chooses how groups are made on this host.
import type Docker from 'dockerode'
import { directoryCgroups } from './cgroup-files.ts'
import { type CgroupHost, cgroupSupport, examineCgroups } from './cgroup-host.ts'
import { sliceCgroups } from './cgroup-slices.ts'
import type { Cgroups } from './cgroups.ts'

export async function openCgroups(docker: Docker): Promise<Cgroups> {
  const host = await examineCgroups(docker)
  const support = cgroupSupport(host)
  if (!support.supported) throw new Error(`${support.reason}; ${support.remedy}`)
  return cgroupsOf(host)
}

export function cgroupsOf(host: CgroupHost): Cgroups {
  return host.driver === 'systemd' ? sliceCgroups(host) : directoryCgroups(host)
}
