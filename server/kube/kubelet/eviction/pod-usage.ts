// What a pod uses of what a machine may be short of, as far as it was measured.

import type { Pod } from 'kubernetes-types/core/v1'
import { quantityOf } from '../../apimachinery/quantity.ts'
import type { PodSpec } from '../../kinds/pod-template/newer-fields.ts'
import type { Starved } from './thresholds.ts'

export interface PodUsage {
  containers: ContainerUsage[]
  /** Directories of the pod's own, by the volume's name. */
  volumes: Map<string, DiskUsage>
  processes: number
}

interface ContainerUsage {
  name: string
  memoryBytes: number
  /** What it has written beside its volumes, and its logs. */
  disk: DiskUsage
}

export interface DiskUsage {
  bytes: number
  inodes: number
}

export function usedOf(usage: PodUsage, resource: Starved): number {
  const disks = [...usage.containers.map(({ disk }) => disk), ...usage.volumes.values()]
  switch (resource) {
    case 'memory':
      return sum(usage.containers.map(({ memoryBytes }) => memoryBytes))
    case 'ephemeral-storage':
      return sum(disks.map(({ bytes }) => bytes))
    case 'inodes':
      return sum(disks.map(({ inodes }) => inodes))
    case 'pids':
      return usage.processes
  }
}

/** Nobody can ask for inodes or process numbers. */
export function requestedOf({ spec }: Pod, resource: Starved): number {
  const { overhead, resources: whole } = (spec ?? {}) as Partial<PodSpec>
  const of = (one: { resources?: { requests?: Record<string, string> } }) =>
    quantityOf(one.resources?.requests?.[resource]).number
  const inits = (spec?.initContainers ?? []).filter(({ restartPolicy }) => restartPolicy !== 'Always')
  const sidecars = (spec?.initContainers ?? []).filter(({ restartPolicy }) => restartPolicy === 'Always')
  const together = Math.max(sum([...(spec?.containers ?? []), ...sidecars].map(of)), ...inits.map(of))
  const told = whole?.requests?.[resource]
  const requested = told === undefined ? together : quantityOf(told).number
  return requested === 0 ? 0 : requested + quantityOf(overhead?.[resource]).number
}

const sum = (amounts: number[]) => amounts.reduce((total, amount) => total + amount, 0)
