// What kind of cgroups this host has, who may change them, and whether worker machines can run on them.
import { existsSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import type Docker from 'dockerode'

export const CGROUP_ROOT = '/sys/fs/cgroup'
/** The controllers behind a machine's limits; their names are the same in both versions. */
export const NEEDED = ['memory', 'pids', 'cpu'] as const

export interface CgroupHost {
  root: string
  version: 1 | 2
  /** Who makes the engine's cgroups. Anything else ("none" when rootless) cannot limit. */
  driver: string
  controllers: string[]
  /**
   * Version 2 seen from inside a container: the root here is an ordinary group, which hands controllers down only when no
   * process is in it.
   */
  isNested: boolean
  /** Version 2: the controllers that groups below the root have already. */
  handedDown: string[]
}

export async function examineCgroups(docker: Docker, root = CGROUP_ROOT): Promise<CgroupHost> {
  const { CgroupDriver: driver } = (await docker.info()) as { CgroupDriver?: string }
  return readCgroups(driver ?? 'none', root)
}

/** `driver` is what the engine says of itself. */
export async function readCgroups(driver: string, root = CGROUP_ROOT): Promise<CgroupHost> {
  const words = async (file: string) =>
    (await readFile(join(root, file), 'utf8').catch(() => '')).split(/\s+/).filter(Boolean)
  if (existsSync(join(root, 'cgroup.controllers'))) {
    return {
      root,
      driver,
      version: 2,
      controllers: await words('cgroup.controllers'),
      isNested: existsSync(join(root, 'cgroup.type')),
      handedDown: await words('cgroup.subtree_control'),
    }
  }
  const controllers = NEEDED.filter((name) => existsSync(join(root, name)))
  return { root, driver, version: 1, controllers, isNested: false, handedDown: [] }
}

export type CgroupSupport = { supported: true; found: string } | { supported: false; reason: string; remedy: string }

export function cgroupSupport(host: CgroupHost): CgroupSupport {
  const { version, driver, root } = host
  if (driver !== 'cgroupfs' && driver !== 'systemd') {
    return {
      supported: false,
      reason: `the Docker engine limits nothing (its cgroup driver is "${driver}")`,
      remedy: 'worker machines need an engine that runs as root: stop the rootless one, or set DOCKER_HOST',
    }
  }
  const missing = NEEDED.filter((name) => !host.controllers.includes(name))
  if (missing.length > 0) {
    return {
      supported: false,
      reason: `cgroup controllers missing: ${missing.join(', ')}`,
      remedy:
        version === 1
          ? missing.map((name) => `mount -t cgroup -o ${name} cgroup ${root}/${name}`).join(' && ')
          : host.isNested
            ? 'this container was given too little: start it with --cgroupns=host and a writable /sys/fs/cgroup'
            : `boot with ${missing.includes('memory') ? 'cgroup_enable=memory' : 'a kernel that has them'}`,
    }
  }
  const kept = NEEDED.filter((name) => !host.handedDown.includes(name))
  if (host.isNested && driver === 'cgroupfs' && kept.length > 0) {
    return {
      supported: false,
      reason: `this container's cgroup holds processes and so hands no ${kept.join(', ')} down`,
      remedy: `mkdir ${root}/init && xargs -rn1 < ${root}/cgroup.procs > ${root}/init/cgroup.procs, then echo "${kept.map((name) => `+${name}`).join(' ')}" > ${root}/cgroup.subtree_control`,
    }
  }
  const owner = driver === 'systemd' ? 'limits are systemd slices' : 'limits are directories'
  return { supported: true, found: `version ${version}, ${owner}, each machine has a tree of its own` }
}
