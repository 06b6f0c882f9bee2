// Groups of processes with limits, of version 1 and 2, below the machine's own.
//
//   version 1   /sys/fs/cgroup/{cpu,memory,pids,…}/kubepods/…      a tree for each controller
//   version 2   /sys/fs/cgroup/kubepods/…                          one tree; controllers are handed down

import * as fs from 'node:fs/promises'
import { dirname, join } from 'node:path'

export interface CgroupLimits {
  cpuShares?: number | undefined
  /** In microseconds of every 100 milliseconds; undefined is no limit. */
  cpuQuota?: number | undefined
  memoryBytes?: number | undefined
  processes?: number | undefined
}

const ROOT = '/sys/fs/cgroup'
const PERIOD = 100_000
/** Of version 1, as a group is born. */
const NO_LIMITS = new Set([
  `cpu.cfs_period_us ${PERIOD}`,
  'cpu.cfs_quota_us -1',
  'memory.limit_in_bytes -1',
  'pids.max max',
])

/** Makes the group where it is missing. What the kernel refuses is left as it was, and told. */
export async function setCgroup(path: string, limits: CgroupLimits, root = ROOT): Promise<string[]> {
  const isUnified = await fs.access(join(root, 'cgroup.controllers')).then(
    () => true,
    () => false,
  )
  const files = isUnified ? unifiedFiles(limits) : separateFiles(limits)
  const directoryIn = (controller: string) => join(root, controller, path)
  const fresh = new Set<string>()
  if (isUnified) await makeUnified(root, path)
  else {
    for (const controller of new Set(files.map(([of]) => of))) {
      if (await fs.mkdir(directoryIn(controller), { recursive: true })) fresh.add(controller)
    }
  }
  const refused: string[] = []
  for (const [controller, name, value] of files) {
    // A group that was just made has no limits.
    if (fresh.has(controller) && NO_LIMITS.has(`${name} ${value}`)) continue
    const directory = directoryIn(controller)
    await fs.writeFile(join(directory, name), value).catch((err: Error) => refused.push(`${name}: ${err.message}`))
  }
  return refused
}

/** Without processes, in every tree. */
export async function removeCgroup(path: string, root = ROOT): Promise<void> {
  const trees = ['', ...(await fs.readdir(root).catch(() => []))]
  // The engine has made groups in trees that are not ours as well.
  await Promise.all(trees.map((tree) => fs.rmdir(join(root, tree, path)).catch(() => undefined)))
}

function separateFiles({ cpuShares, cpuQuota, memoryBytes, processes }: CgroupLimits): [string, string, string][] {
  return [
    ...(cpuShares === undefined ? [] : [['cpu', 'cpu.shares', String(cpuShares)] as [string, string, string]]),
    ['cpu', 'cpu.cfs_period_us', String(PERIOD)],
    ['cpu', 'cpu.cfs_quota_us', String(cpuQuota ?? -1)],
    ['memory', 'memory.limit_in_bytes', String(memoryBytes ?? -1)],
    ['pids', 'pids.max', String(processes ?? 'max')],
  ]
}

function unifiedFiles({ cpuShares, cpuQuota, memoryBytes, processes }: CgroupLimits): [string, string, string][] {
  return [
    ...(cpuShares === undefined ? [] : [['', 'cpu.weight', String(weightOf(cpuShares))] as [string, string, string]]),
    ['', 'cpu.max', `${cpuQuota ?? 'max'} ${PERIOD}`],
    ['', 'memory.max', String(memoryBytes ?? 'max')],
    ['', 'pids.max', String(processes ?? 'max')],
  ]
}

/** From 2…262144 to 1…10000, as the runtimes do it. */
const weightOf = (shares: number) => 1 + Math.floor(((shares - 2) * 9999) / 262_142)

async function makeUnified(root: string, path: string): Promise<void> {
  const directory = join(root, path)
  await fs.mkdir(directory, { recursive: true })
  const parents: string[] = []
  for (let at = dirname(directory); at.startsWith(root); at = dirname(at)) parents.unshift(at)
  for (const at of parents) {
    const there = ((await fs.readFile(join(at, 'cgroup.controllers'), 'utf8').catch(() => '')) || '').trim().split(' ')
    for (const controller of there.filter((one) => ['cpu', 'memory', 'pids'].includes(one))) {
      // Refused where it is not ours to say; then the limits below are, too, and that is told.
      await fs.writeFile(join(at, 'cgroup.subtree_control'), `+${controller}`).catch(() => undefined)
    }
  }
}
