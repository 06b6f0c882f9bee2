// Groups made as directories, for engines whose cgroup driver is "cgroupfs".
//
//   version 1   /sys/fs/cgroup/<controller>/podium/<cluster>/<machine>     one tree for each controller
//   version 2   /sys/fs/cgroup/podium/<cluster>/<machine>                  one tree; a parent hands controllers down
import { existsSync } from 'node:fs'
import { mkdir, readdir, readFile, rmdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { type CgroupHost, NEEDED } from './cgroup-host.ts'
import type { Cgroups, Limits } from './cgroups.ts'

const OURS = 'podium'
const PERIOD_US = 100_000

export function directoryCgroups(host: Pick<CgroupHost, 'root' | 'version'>): Cgroups {
  const { root } = host
  if (host.version === 2) {
    const directoryOf = (path: readonly string[]) => join(root, OURS, ...path)
    return {
      parent: (path) => `/${[OURS, ...path].join('/')}`,
      async limit(path, limits) {
        await makeUnified(root, [OURS, ...path])
        await applyLimits(directoryOf(path), unifiedLimits(limits))
      },
      remove: (path) => removeTrees([directoryOf(path)]),
      directories: (path) => [directoryOf(path)],
    }
  }
  const directories = (path: readonly string[]) => NEEDED.map((controller) => join(root, controller, OURS, ...path))
  return {
    parent: (path) => `/${[OURS, ...path].join('/')}`,
    async limit(path, limits) {
      for (const [controller, values] of Object.entries(separateLimits(limits))) {
        const group = join(root, controller, OURS, ...path)
        await mkdir(group, { recursive: true })
        await applyLimits(group, values)
      }
    },
    // The engine makes the group in every other hierarchy as well.
    remove: async (path) => removeTrees((await readdir(root)).map((entry) => join(root, entry, OURS, ...path))),
    directories,
  }
}

/** File by file, in the order of writing. */
export function unifiedLimits({ memoryBytes, processes, cpus }: Limits): Record<string, string> {
  return {
    'memory.max': String(memoryBytes),
    'memory.swap.max': '0',
    'pids.max': String(processes),
    'cpu.max': `${Math.round(cpus * PERIOD_US)} ${PERIOD_US}`,
  }
}

/** Likewise, for each controller's own tree. */
export function separateLimits({ memoryBytes, processes, cpus }: Limits): Record<string, Record<string, string>> {
  return {
    memory: { 'memory.limit_in_bytes': String(memoryBytes) },
    pids: { 'pids.max': String(processes) },
    cpu: { 'cpu.cfs_period_us': String(PERIOD_US), 'cpu.cfs_quota_us': String(Math.round(cpus * PERIOD_US)) },
  }
}

async function makeUnified(root: string, path: readonly string[]): Promise<void> {
  let parent = root
  for (const part of path) {
    const has = (await readFile(join(parent, 'cgroup.controllers'), 'utf8')).split(/\s+/)
    const wanted = NEEDED.filter((controller) => has.includes(controller)).map((controller) => `+${controller}`)
    await writeFile(join(parent, 'cgroup.subtree_control'), wanted.join(' '))
    parent = join(parent, part)
    await mkdir(parent, { recursive: true })
  }
}

async function applyLimits(group: string, values: Record<string, string>): Promise<void> {
  for (const [file, value] of Object.entries(values)) {
    // A kernel that does not account for swap has no file to say so in.
    if (file === 'memory.swap.max' && !existsSync(join(group, file))) continue
    await writeFile(join(group, file), value)
  }
}

/** Children first. */
async function removeTrees(directories: readonly string[]): Promise<string[]> {
  const left: string[] = []
  for (const directory of directories) if (existsSync(directory)) await removeTree(directory, left)
  return left
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
