// Groups made by systemd, for engines whose cgroup driver is "systemd" (every Debian with cgroup version 2): systemd is
// the only writer of its tree, so a group is one of its slices, and the engine puts each container's scope below.
//
//   podium.slice / podium-<cluster>.slice / podium-<cluster>-<machine>.slice / docker-<id>.scope
//
// A dash in a slice's name steps down the tree, so dashes of our own names become underscores, which they never contain.
import { existsSync } from 'node:fs'
import { readdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import type { CgroupHost } from './cgroup-host.ts'
import type { Cgroups, Limits } from './cgroups.ts'
import { runCommand, tryCommand } from './run-command.ts'

/** Where systemd notes what was set at run time; gone at the next boot. */
const NOTED = '/run/systemd/system.control'

export function sliceOf(path: readonly string[]): string {
  return `${['podium', ...path.map((part) => part.replaceAll('-', '_'))].join('-')}.slice`
}

/** Relative to a hierarchy's root: systemd nests a slice in those whose names it begins with. */
export function sliceDirectory(path: readonly string[]): string {
  return join(...Array.from({ length: path.length + 1 }, (_, depth) => sliceOf(path.slice(0, depth))))
}

export function sliceProperties({ memoryBytes, processes, cpus }: Limits): string[] {
  return [
    `MemoryMax=${memoryBytes}`,
    'MemorySwapMax=0',
    `TasksMax=${processes}`,
    // Finer than a hundredth of a core cannot be said.
    `CPUQuota=${Math.max(1, Math.round(cpus * 100))}%`,
  ]
}

export function sliceCgroups(host: Pick<CgroupHost, 'root' | 'version'>): Cgroups {
  const hierarchies = host.version === 2 ? [''] : ['memory', 'pids', 'cpu', 'systemd']
  const directories = (path: readonly string[]) =>
    hierarchies.map((hierarchy) => join(host.root, hierarchy, sliceDirectory(path)))
  return {
    parent: sliceOf,
    async limit(path, limits) {
      const slice = sliceOf(path)
      await runCommand('systemctl', ['--runtime', 'set-property', slice, ...sliceProperties(limits)])
      await runCommand('systemctl', ['start', slice])
    },
    async remove(path) {
      const slice = sliceOf(path)
      const below = slice.replace(/\.slice$/, '-')
      await tryCommand('systemctl', ['stop', slice]) // and all below it; one that systemd does not know is stopped
      for (const entry of await readdir(NOTED).catch(() => [])) {
        if (entry === `${slice}.d` || (entry.startsWith(below) && entry.endsWith('.slice.d')))
          await rm(join(NOTED, entry), { recursive: true, force: true })
      }
      return directories(path).filter((directory) => existsSync(directory))
    },
    directories,
  }
}
