// What the kubelet tells of its machine, in every form that is asked for. Nothing is measured until somebody asks.

import type { Pod } from 'kubernetes-types/core/v1'
import type { Metrics } from '../../../base/metrics.ts'
import type { MachineInfo } from '../../node-os/node-os.ts'
import { cadvisorMetrics } from './cadvisor.ts'
import { kubeletMetrics } from './kubelet-metrics.ts'
import { measure, type Sources } from './measure.ts'
import { resourceMetrics } from './resource-metrics.ts'
import { CpuRates, fsStatsOf, summaryOf } from './summary.ts'

export interface TelemetryOptions extends Sources {
  nodeName: string
  version: string
  machine: MachineInfo
  /** What was counted since the kubelet began: of its own work, and of probes. */
  counted: { own: Metrics; probes: Metrics }
  isStatic(pod: Pod): boolean
}

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
    const [node, processes] = await Promise.all([os.fileSystem('/var/lib/kubelet'), os.processes()])
    const ids = measured.pods.flatMap(({ containers }) => containers.map(({ id }) => id))
    const disks = await Promise.all(ids.map(async (id) => [id, await runtime.containerDiskUsage(id)] as const))
    return summaryOf({ ...told, processes, disks: { node: node && fsStatsOf(node), containers: new Map(disks) } })
  }

  probes(): string {
    return this.#options.counted.probes.text()
  }

  async own(): Promise<string> {
    const containers = await this.#options.runtime.listContainers()
    return kubeletMetrics({ ...this.#options, startedAt: this.#startedAt, containers })
  }
}
