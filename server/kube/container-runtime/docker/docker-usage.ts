// What a container has used, as the kernel counts it for the container's group. The engine's own figures are not asked for:
// it has none of a container whose sandbox has no network of its making (create-options.ts).

import type { NodeOs } from '../../node-os/node-os.ts'
import type { ContainerUsage } from '../container-runtime.ts'

const ROOT = '/sys/fs/cgroup'

export interface RunningContainer {
  id: string
  /** Any process of it. */
  pid: number
}

/** Undefined of a container that has just ended: then all that was counted has gone. */
export async function usageOf(
  { id, pid }: RunningContainer,
  os: Pick<NodeOs, 'readFile'>,
  at: number,
): Promise<ContainerUsage | undefined> {
  const group = groupsOf((await os.readFile(`/proc/${pid}/cgroup`)) ?? '')
  const read = async (controller: string, name: string) => {
    const directory = group(controller)
    return directory === undefined ? undefined : os.readFile(`${directory}/${name}`)
  }
  const [cpu, cpuStat, used, current, stat, processes] = await Promise.all([
    read('cpuacct', 'cpuacct.usage'),
    read('', 'cpu.stat'),
    read('memory', 'memory.usage_in_bytes'),
    read('', 'memory.current'),
    read('memory', 'memory.stat').then((text) => text ?? read('', 'memory.stat')),
    read('pids', 'pids.current').then((text) => text ?? read('', 'pids.current')),
  ])
  const cpuNanoSeconds = cpu === undefined ? count(cpuStat, 'usage_usec') * 1000 : Number(cpu)
  const memoryUsageBytes = Number(used ?? current)
  if (!cpuNanoSeconds || Number.isNaN(memoryUsageBytes)) return undefined
  // With the group's children on version 1; on version 2 a group counts them always.
  const memory = (name: string, onVersion2 = name) => count(stat, used === undefined ? onVersion2 : `total_${name}`)
  return {
    containerId: id,
    at,
    cpuNanoSeconds,
    memoryUsageBytes,
    memoryWorkingSetBytes: Math.max(0, memoryUsageBytes - memory('inactive_file')),
    memoryRssBytes: memory('rss', 'anon'),
    pageFaults: memory('pgfault'),
    majorPageFaults: memory('pgmajfault'),
    processes: Number(processes ?? 0),
  }
}

/** By controller, where it is counted; version 2 goes by no name. */
function groupsOf(text: string): (controller: string) => string | undefined {
  const paths = new Map<string, string>()
  for (const line of text.trim().split('\n')) {
    const [, controllers = '', path = ''] = /^\d+:([^:]*):(.*)$/.exec(line) ?? []
    for (const one of controllers.split(',')) paths.set(one, `${ROOT}${one && `/${one}`}${path}`)
  }
  return (controller) => paths.get(controller)
}

const count = (text: string | undefined, name: string) =>
  Number(new RegExp(`^${name} (\\d+)$`, 'm').exec(text ?? '')?.[1] ?? 0)
