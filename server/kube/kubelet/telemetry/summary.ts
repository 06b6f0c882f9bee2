// `/stats/summary`: the node, and each of its pods and containers, as one object. How fast is known from the second look on.
// Upstream: k8s.io/kubelet/pkg/apis/stats/v1alpha1/types.go.

import type { Volume } from 'kubernetes-types/core/v1'
import type { ContainerDisk } from '../../container-runtime/container-runtime.ts'
import type { MachineInfo } from '../../node-os/node-os.ts'
import { timestampOf } from '../timestamp.ts'
import type { FsStats, MeasuredVolume } from '../volumes/volume-usage.ts'
import type { Interface } from './interfaces.ts'
import { type ContainerMeasure, type NodeMeasure, type PodMeasure, type Used, usedBy } from './measure.ts'

export interface SummaryInput {
  nodeName: string
  startedAt: number
  machine: MachineInfo
  measured: NodeMeasure
  /** Of the containers and the node's disk; undefined where nobody asked. */
  disks?: Disks
  processes?: { running: number; limit: number } | undefined
  rates: CpuRates
}

interface Disks {
  node: FsStats | undefined
  containers: ReadonlyMap<string, ContainerDisk>
  /** By the pod's uid. */
  volumes: ReadonlyMap<string, readonly MeasuredVolume[]>
}

/** Between two looks a second apart at least. */
const MIN_WINDOW_MS = 1_000

export class CpuRates {
  readonly #before = new Map<string, { at: number; cpuNanoSeconds: number; nanoCores?: number }>()

  /** Of what goes by this name; undefined at the first look, and after it began anew. */
  nanoCores(key: string, { at, cpuNanoSeconds }: Used): number | undefined {
    const before = this.#before.get(key)
    if (before && at - before.at < MIN_WINDOW_MS) return before.nanoCores
    const grown = before ? cpuNanoSeconds - before.cpuNanoSeconds : -1
    const nanoCores = before && grown >= 0 ? Math.round((grown * 1000) / (at - before.at)) : undefined
    this.#before.set(key, { at, cpuNanoSeconds, ...(nanoCores === undefined ? {} : { nanoCores }) })
    return nanoCores
  }

  /** What is no longer there is forgotten. */
  keep(keys: ReadonlySet<string>): void {
    for (const key of this.#before.keys()) if (!keys.has(key)) this.#before.delete(key)
  }
}

export function summaryOf({ nodeName, startedAt, machine, measured, disks, processes, rates }: SummaryInput) {
  const { used, interfaces, pods } = measured
  const time = timestampOf(used.at)
  rates.keep(
    new Set([
      '',
      ...pods.flatMap(({ pod, containers }) => [pod.metadata?.uid ?? '', ...containers.map(({ id }) => id)]),
    ]),
  )
  const fs = disks?.node ? { time, ...disks.node } : undefined
  return {
    node: {
      nodeName,
      startTime: timestampOf(startedAt),
      cpu: cpuOf('', used, rates),
      memory: memoryOf(used, machine.memoryBytes),
      ...(disks
        ? { network: networkOf(interfaces, time), ...(fs ? { fs, runtime: { imageFs: fs, containerFs: fs } } : {}) }
        : {}),
      ...(processes && { rlimit: { time, maxpid: processes.limit, curproc: processes.running } }),
    },
    pods: pods.map((one) => podOf(one, rates, disks ? { disks, fs } : undefined)),
  }
}

function podOf(
  measured: PodMeasure,
  rates: CpuRates,
  disk: { disks: Disks; fs: (FsStats & { time: string }) | undefined } | undefined,
) {
  const { pod, containers, interfaces } = measured
  const { namespace = '', name = '', uid = '' } = pod.metadata ?? {}
  const used = usedBy(measured)
  const time = timestampOf(used.at)
  const volumes = disk?.disks.volumes.get(uid) ?? []
  const onDisk = new Set((pod.spec?.volumes ?? []).filter(isOnTheNodesDisk).map((volume) => volume.name))
  const owns = [
    ...containers.map(({ id }) => disk?.disks.containers.get(id) ?? { bytes: 0, inodes: 0 }),
    ...volumes
      .filter((volume) => onDisk.has(volume.name))
      .map(({ usage }) => ({ bytes: usage.usedBytes, inodes: usage.inodesUsed })),
  ]
  const usedBytes = owns.reduce((all, { bytes }) => all + bytes, 0)
  const inodesUsed = owns.reduce((all, { inodes }) => all + inodes, 0)
  const fs = disk?.fs
  const processes = sumIfKnown(containers.map(({ usage }) => usage.processes))
  return {
    podRef: { name, namespace, uid },
    startTime: pod.status?.startTime ?? timestampOf(Math.min(...containers.map(({ startedAt }) => startedAt))),
    containers: containers.map((one) => containerOf(one, rates, disk)),
    cpu: cpuOf(uid, used, rates),
    memory: memoryOf(used),
    ...(disk && !pod.spec?.hostNetwork ? { network: networkOf(interfaces, time) } : {}),
    ...(volumes.length > 0 ? { volume: volumes.map((volume) => volumeOf(volume, namespace, time)) } : {}),
    ...(fs ? { 'ephemeral-storage': { ...fs, usedBytes, inodesUsed } } : {}),
    ...(disk && processes !== undefined ? { process_stats: { process_count: processes } } : {}),
  }
}

const sumIfKnown = (counts: readonly (number | undefined)[]): number | undefined =>
  counts.reduce((all, one) => (all === undefined || one === undefined ? undefined : all + one), 0)

/** As upstream has it: neither memory nor what a claim stands for. */
const isOnTheNodesDisk = ({ emptyDir, configMap }: Volume) => (emptyDir && !emptyDir.medium) || configMap

const volumeOf = ({ name, claimName, usage }: MeasuredVolume, namespace: string, time: string) => ({
  time,
  ...usage,
  name,
  ...(claimName !== undefined && { pvcRef: { name: claimName, namespace } }),
})

function containerOf(
  { id, name, startedAt, usage, resources }: ContainerMeasure,
  rates: CpuRates,
  disk: { disks: Disks; fs: (FsStats & { time: string }) | undefined } | undefined,
) {
  const own = disk?.disks.containers.get(id)
  const fs = disk?.fs
  return {
    name,
    startTime: timestampOf(startedAt),
    cpu: cpuOf(id, usage, rates),
    memory: memoryOf(usage, resources.memoryLimitBytes),
    ...(fs && own
      ? {
          rootfs: { ...fs, usedBytes: own.bytes - own.logs.bytes, inodesUsed: own.inodes - own.logs.inodes },
          logs: { ...fs, usedBytes: own.logs.bytes, inodesUsed: own.logs.inodes },
        }
      : {}),
  }
}

function cpuOf(key: string, used: Used, rates: CpuRates) {
  const usageNanoCores = rates.nanoCores(key, used)
  return {
    time: timestampOf(used.at),
    ...(usageNanoCores === undefined ? {} : { usageNanoCores }),
    usageCoreNanoSeconds: used.cpuNanoSeconds,
  }
}

function memoryOf(used: Used, limit?: number) {
  const { at, memoryWorkingSetBytes, memoryUsageBytes, memoryRssBytes, pageFaults, majorPageFaults } = used
  return {
    time: timestampOf(at),
    ...(limit ? { availableBytes: Math.max(0, limit - memoryWorkingSetBytes) } : {}),
    usageBytes: memoryUsageBytes,
    workingSetBytes: memoryWorkingSetBytes,
    rssBytes: memoryRssBytes,
    pageFaults,
    majorPageFaults,
  }
}

/** The first one by the name that pods and machines know. */
function networkOf(interfaces: readonly Interface[], time: string) {
  const main = interfaces.find(({ name }) => name === 'eth0')
  return { time, ...(main ?? { name: '' }), interfaces }
}
