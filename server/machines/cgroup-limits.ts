// Limits of a cluster and of each machine, on cgroups above the containers, where no learner's process can write.
//
//   /sys/fs/cgroup/<controller>/podium/<cluster>/<machine>/<container>/node/…     (cgroup v1)
//                               └ learner's share └ one machine    └ the machine's own tree, delegated
//
// Limits put on a container itself could be raised by root inside it; those on its parents cannot.
import { existsSync } from 'node:fs'
import { mkdir, readdir, readFile, rmdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'

export interface Limits {
  memoryBytes: number
  processes: number
  /** Cores, fractions allowed. */
  cpus: number
}

const ROOT = '/sys/fs/cgroup'
const OURS = 'podium'
const LIMITED = ['memory', 'pids', 'cpu', 'cpuset'] as const

export type CgroupSupport = { supported: true } | { supported: false; reason: string; remedy: string }

export function cgroupSupport(): CgroupSupport {
  if (existsSync(join(ROOT, 'cgroup.controllers'))) {
    return {
      supported: false,
      reason: 'this host has cgroup v2 only; worker machines delegate their cgroups the cgroup v1 way so far',
      remedy: 'boot with systemd.unified_cgroup_hierarchy=0, or use simulated nodes',
    }
  }
  const missing = LIMITED.filter((controller) => !existsSync(join(ROOT, controller)))
  if (missing.length > 0) {
    return {
      supported: false,
      reason: `cgroup controllers not mounted: ${missing.join(', ')}`,
      remedy: `mount -t cgroup -o <controller> cgroup ${ROOT}/<controller>`,
    }
  }
  return { supported: true }
}

/** Makes the group and its parents; returns the path Docker wants as cgroup parent. */
export async function limitGroup(path: readonly string[], limits: Limits): Promise<string> {
  for (const controller of LIMITED) {
    let parent = join(ROOT, controller)
    for (const part of [OURS, ...path]) {
      const group = join(parent, part)
      await mkdir(group, { recursive: true })
      if (controller === 'cpuset') await inheritCpuset(parent, group)
      parent = group
    }
    await applyLimits(controller, parent, limits)
  }
  return `/${[OURS, ...path].join('/')}`
}

/** Removes the group in every controller, children first. A group that still holds processes stays and is reported. */
export async function removeGroup(path: readonly string[]): Promise<string[]> {
  const left: string[] = []
  for (const controller of await readdir(ROOT)) {
    const group = join(ROOT, controller, OURS, ...path)
    if (existsSync(group)) await removeTree(group, left)
  }
  return left
}

async function inheritCpuset(parent: string, group: string): Promise<void> {
  for (const file of ['cpuset.cpus', 'cpuset.mems']) {
    if ((await readFile(join(group, file), 'utf8')).trim() !== '') continue
    await writeFile(join(group, file), await readFile(join(parent, file), 'utf8'))
  }
}

async function applyLimits(controller: (typeof LIMITED)[number], group: string, limits: Limits): Promise<void> {
  const period = 100_000
  const values: Record<(typeof LIMITED)[number], Record<string, number>> = {
    memory: { 'memory.limit_in_bytes': limits.memoryBytes },
    pids: { 'pids.max': limits.processes },
    cpu: { 'cpu.cfs_period_us': period, 'cpu.cfs_quota_us': Math.round(limits.cpus * period) },
    cpuset: {},
  }
  for (const [file, value] of Object.entries(values[controller])) await writeFile(join(group, file), String(value))
}

async function removeTree(group: string, left: string[]): Promise<void> {
  for (const entry of await readdir(group, { withFileTypes: true })) {
    if (entry.isDirectory()) await removeTree(join(group, entry.name), left)
  }
  // A dying group stays busy for a moment after its last process has been reaped.
  for (let tries = 0; ; tries++) {
    try {
      await rmdir(group)
      return
    } catch (err) {
      const code = (err as NodeJS.ErrnoException).code
      if (code === 'ENOENT') return
      if (code !== 'EBUSY' || tries >= 40) {
        left.push(group)
        return
      }
      await new Promise((resolve) => setTimeout(resolve, 25))
    }
  }
}
