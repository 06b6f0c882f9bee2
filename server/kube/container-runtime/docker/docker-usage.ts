// What a container has used, as the engine reads it from the kernel.

import type Docker from 'dockerode'
import type { ContainerUsage } from '../container-runtime.ts'

/** One look, at once: otherwise the engine takes a second one a second later. */
export const ONCE = { stream: false, 'one-shot': true } as const

/** Undefined of a container that has just ended: then all that was counted has gone. */
export function usageOf(containerId: string, stats: Docker.ContainerStats | undefined): ContainerUsage | undefined {
  const cpuNanoSeconds = stats?.cpu_stats?.cpu_usage?.total_usage
  const memory = stats?.memory_stats
  if (!cpuNanoSeconds || memory?.usage === undefined) return undefined
  // With the group's children on version 1 of cgroups; on version 2 a group counts them always.
  const counts = memory.stats as Partial<Record<string, number>> | undefined
  const count = (name: string, onVersion2 = name) => counts?.[`total_${name}`] ?? counts?.[onVersion2] ?? 0
  return {
    containerId,
    at: Date.parse(stats.read),
    cpuNanoSeconds,
    memoryWorkingSetBytes: Math.max(0, memory.usage - count('inactive_file')),
    memoryUsageBytes: memory.usage,
    memoryRssBytes: count('rss', 'anon'),
    pageFaults: count('pgfault'),
    majorPageFaults: count('pgmajfault'),
    processes: stats.pids_stats?.current ?? 0,
  }
}
