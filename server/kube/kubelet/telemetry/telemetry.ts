// What the kubelet tells of its machine, in every form that is asked for. Nothing is measured until somebody asks.

import type { Pod } from 'kubernetes-types/core/v1'
import type { Metrics } from '../../../base/metrics.ts'
import type { MachineInfo } from '../../node-os/node-os.ts'
import type { VolumeManager } from '../volumes/volume-manager.ts'
import { fsStatsOf } from '../volumes/volume-usage.ts'
import { cadvisorMetrics } from './cadvisor.ts'
import { kubeletMetrics } from './kubelet-metrics.ts'
import { measure, type Sources } from './measure.ts'
import { resourceMetrics } from './resource-metrics.ts'
import { CpuRates, summaryOf } from './summary.ts'

export interface TelemetryOptions extends Sources {
  nodeName: string
  version: string
  machine: MachineInfo
  /** What was counted since the kubelet began: of its own work, and of probes. */
  counted: { own: Metrics; probes: Metrics }
  isStatic(pod: Pod): boolean
  volumes: Pick<VolumeManager, 'usage' | 'pluginsOf'>
}

const ONLY_ON_VERSION_2 = '/sys/fs/cgroup/cgroup.controllers'

export class Telemetry {
  readonly #options: TelemetryOptions
  readonly #rates = new CpuRates()
  readonly #startedAt: number

  constructor(options: TelemetryOptions) {
    this.#options = options
    this.#startedAt = options.now()
  }

  async resources(): Promise<string> {
    return resourceMetrics(await measure(this.#options))
  }

  async cadvisor(): Promise<string> {
    return cadvisorMetrics(await measure(this.#options), this.#options.machine)
  }

  async summary({ onlyCpuAndMemory }: { onlyCpuAndMemory: boolean }): Promise<object> {
    const { nodeName, machine, os, runtime } = this.#options
    const measured = await measure(this.#options)
    const told = { nodeName, machine, measured, rates: this.#rates, startedAt: this.#startedAt }
    if (onlyCpuAndMemory) return summaryOf(told)
    const [node, processes, volumes] = await Promise.all([
      os.fileSystem('/var/lib/kubelet'),
      os.processes(),
      this.#volumes(measured.pods.map(({ pod }) => pod)),
    ])
    const ids = measured.pods.flatMap(({ containers }) => containers.map(({ id }) => id))
    const disks = await Promise.all(ids.map(async (id) => [id, await runtime.containerDiskUsage(id)] as const))
    const containers = new Map(disks)
    return summaryOf({ ...told, processes, disks: { node: node && fsStatsOf(node), containers, volumes } })
  }

  async #volumes(pods: readonly Pod[], { onlyClaimed = false } = {}) {
    const of = async (pod: Pod) =>
      [pod.metadata?.uid ?? '', await this.#options.volumes.usage(pod, { onlyClaimed })] as const
    return new Map(await Promise.all(pods.map(of)))
  }

  probes(): string {
    return this.#options.counted.probes.text()
  }

  async own(): Promise<string> {
    const { os, runtime, pods: all } = this.#options
    const [containers, version2] = await Promise.all([runtime.listContainers(), os.kindOf(ONLY_ON_VERSION_2)])
    const pods = all()
    const volumes = await this.#volumes(pods, { onlyClaimed: true })
    const plugins = await Promise.all(
      pods.map(async (pod) => [pod, await this.#options.volumes.pluginsOf(pod)] as const),
    )
    return kubeletMetrics({
      ...this.#options,
      startedAt: this.#startedAt,
      containers,
      pods,
      volumes,
      plugins: new Map(plugins),
      cgroupVersion: version2 ? 2 : 1,
    })
  }
}
