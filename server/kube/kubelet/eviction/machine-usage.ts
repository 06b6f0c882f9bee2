// What there is left on this machine, and what pods use of it, from the kernel's counts and the engine's.

import type { Pod } from 'kubernetes-types/core/v1'
import type { ContainerRuntime } from '../../container-runtime/container-runtime.ts'
import type { MachineInfo, NodeOs } from '../../node-os/node-os.ts'
import { hasLocalLimits } from './local-limits.ts'
import type { DiskUsage, PodUsage } from './pod-usage.ts'
import type { Observations, Starved } from './thresholds.ts'

interface Ports {
  os: NodeOs
  runtime: ContainerRuntime
  machine: MachineInfo
  rootDir: string
}

export async function observeMachine({ os, machine, rootDir }: Ports): Promise<Observations> {
  const [usage, disk, processes] = await Promise.all([os.usage(), os.fileSystem(rootDir), os.processes()])
  const bytes = disk && { available: disk.availableBytes, capacity: disk.capacityBytes }
  const inodes = disk && { available: disk.inodesFree, capacity: disk.inodes }
  return {
    ...(usage && {
      'memory.available': {
        available: Math.max(0, machine.memoryBytes - usage.memoryWorkingSetBytes),
        capacity: machine.memoryBytes,
      },
    }),
    // One disk holds both the kubelet's directories and the engine's.
    ...(bytes && { 'nodefs.available': bytes, 'imagefs.available': bytes }),
    ...(inodes && { 'nodefs.inodesFree': inodes, 'imagefs.inodesFree': inodes }),
    ...(processes && {
      'pid.available': { available: processes.limit - processes.running, capacity: processes.limit },
    }),
  }
}

/** Without a shortage only pods that have limits of their own are looked at: walking directories is not cheap. */
export async function measurePods(
  { os, runtime, rootDir }: Ports,
  pods: readonly Pod[],
  short: Starved | undefined,
): Promise<Map<string, PodUsage>> {
  const wanted = short ? pods : pods.filter(hasLocalLimits)
  if (wanted.length === 0) return new Map()
  const withDisk = short === undefined || short === 'ephemeral-storage' || short === 'inodes'
  const [containers, usages] = await Promise.all([runtime.listContainers(), runtime.stats()])
  const measured = wanted.map(async (pod) => {
    const uid = pod.metadata?.uid ?? ''
    const own = containers.filter(({ podUid, state }) => podUid === uid && state === 'running')
    const usage: PodUsage = { containers: [], volumes: new Map(), processes: 0 }
    for (const { id, name } of own) {
      const used = usages.find(({ containerId }) => containerId === id)
      const disk = withDisk ? await runtime.containerDiskUsage(id) : NOTHING
      usage.containers.push({ name, memoryBytes: used?.memoryWorkingSetBytes ?? 0, disk })
      usage.processes += used?.processes ?? 0
    }
    if (withDisk) {
      for (const { name, emptyDir } of pod.spec?.volumes ?? []) {
        if (!emptyDir || emptyDir.medium === 'Memory') continue
        const directory = `${rootDir}/pods/${uid}/volumes/kubernetes.io~empty-dir/${name}`
        usage.volumes.set(name, await os.diskUsage(directory))
      }
    }
    return [uid, usage] as const
  })
  return new Map(await Promise.all(measured))
}

const NOTHING: DiskUsage = { bytes: 0, inodes: 0 }
