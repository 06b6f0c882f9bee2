// A group of processes for each pod, below one for its class, below one for all pods:
//
//   kubepods                      as much as pods may have altogether
//   ├─ pod<uid>                   Guaranteed
//   ├─ burstable ─ pod<uid>       share of the processors: what all of them asked for
//   └─ besteffort ─ pod<uid>      what is left
//
// Upstream: pkg/kubelet/cm (pod_container_manager_linux.go, qos_container_manager_linux.go, helpers_linux.go).

import type { Pod } from 'kubernetes-types/core/v1'
import type { Clock } from '../../base/clock.ts'
import type { Logger } from '../../base/logger.ts'
import type { Histogram, Metrics } from '../../base/metrics.ts'
import type { PodSpec } from '../kinds/pod-template/newer-fields.ts'
import { qosClassOf } from '../kinds/pod-template/qos.ts'
import type { CgroupLimits } from '../node-os/cgroup-tree.ts'
import type { NodeOs } from '../node-os/node-os.ts'
import { cgroupOf } from './container-config.ts'
import { amountOf } from './resource-amount.ts'
import { USUAL_BOUNDS } from './telemetry/bounds.ts'

export interface PodCgroupsOptions {
  os: NodeOs
  logger: Logger
  clock: Clock
  metrics: Metrics
  /** Of the machine, less what is reserved. */
  forPods: { cpus: number; memoryBytes: number }
  /** In each pod; -1 is no limit. */
  mostProcesses: number
  /** Of this node, not ended. */
  pods(): readonly Pod[]
}

const ROOT = '/kubepods'
const SHARES = 1024
const LEAST_SHARES = 2

export function podCgroupOf(pod: Pod): string {
  const qos = qosClassOf(pod.spec)
  const name = `pod${pod.metadata?.uid}`
  return qos === 'Guaranteed' ? `${ROOT}/${name}` : `${ROOT}/${qos.toLowerCase()}/${name}`
}

export function podLimitsOf(pod: Pod): CgroupLimits {
  if (qosClassOf(pod.spec) === 'BestEffort') return { cpuShares: LEAST_SHARES }
  const cpus = together(pod, 'requests', 'cpu') ?? 0
  const cpuLimit = together(pod, 'limits', 'cpu')
  return {
    cpuShares: Math.max(LEAST_SHARES, Math.floor(cpus * SHARES)),
    cpuQuota: cpuLimit === undefined ? undefined : cgroupOf({ resources: { limits: { cpu: `${cpuLimit}` } } }).cpuQuota,
    memoryBytes: together(pod, 'limits', 'memory'),
  }
}

export class PodCgroups {
  readonly #options: PodCgroupsOptions
  /** What all pods' groups have, as it was set last: each pod asks for that, and seldom is it new. */
  readonly #shared = new Map<string, string>()
  readonly #durations: Histogram
  /** One after the other: what was wanted last is what stands. */
  #sharing = Promise.resolve()

  constructor(options: PodCgroupsOptions) {
    this.#options = options
    this.#durations = options.metrics.histogram(
      'kubelet_cgroup_manager_duration_seconds',
      'Duration in seconds for cgroup manager operations. Broken down by method.',
      USUAL_BOUNDS,
    )
  }

  /** What all pods together may use of the machine. */
  async enforce(): Promise<void> {
    const { cpus, memoryBytes } = this.#options.forPods
    await this.#setShared(ROOT, { cpuShares: Math.floor(cpus * SHARES), memoryBytes })
  }

  /** The pod's group with the pod's limits; where containers go. */
  async ensure(pod: Pod): Promise<string> {
    await this.enforce()
    await this.#setShared(`${ROOT}/besteffort`, { cpuShares: LEAST_SHARES })
    await this.#shareAmongBurstable()
    const path = podCgroupOf(pod)
    const { mostProcesses } = this.#options
    await this.#set(path, { ...podLimitsOf(pod), ...(mostProcesses < 0 ? {} : { processes: mostProcesses }) })
    return path
  }

  async remove(podUid: string): Promise<void> {
    for (const parent of [ROOT, `${ROOT}/burstable`, `${ROOT}/besteffort`]) {
      await this.#timed('destroy', () => this.#options.os.removeCgroup(`${parent}/pod${podUid}`))
    }
    await this.#shareAmongBurstable()
  }

  async #shareAmongBurstable(): Promise<void> {
    const pods = this.#options.pods().filter((pod) => qosClassOf(pod.spec) === 'Burstable')
    const cpus = pods.reduce((sum, pod) => sum + (together(pod, 'requests', 'cpu') ?? 0), 0)
    await this.#setShared(`${ROOT}/burstable`, { cpuShares: Math.max(LEAST_SHARES, Math.floor(cpus * SHARES)) })
  }

  #setShared(path: string, limits: CgroupLimits): Promise<void> {
    const wanted = JSON.stringify(limits)
    const set = this.#sharing.then(async () => {
      if (this.#shared.get(path) === wanted) return
      this.#shared.delete(path)
      if (await this.#set(path, limits)) this.#shared.set(path, wanted)
    })
    this.#sharing = set.catch(() => undefined)
    return set
  }

  /** False when not all of it could be set. */
  async #set(path: string, limits: CgroupLimits): Promise<boolean> {
    const refused = await this.#timed('update', () => this.#options.os.setCgroup(path, limits))
    // Less than is used, or than a container may have until it is resized: it is set again then.
    if (refused.length > 0) this.#options.logger.debug('limits of a group were not set', { path, refused })
    return refused.length === 0
  }

  async #timed<T>(operation: string, call: () => Promise<T>): Promise<T> {
    const { clock } = this.#options
    const startedAt = clock.monotonic()
    try {
      return await call()
    } finally {
      this.#durations.observe({ operation_type: operation }, (clock.monotonic() - startedAt) / 1000)
    }
  }
}

/** Of all containers at once, and of what runs them; undefined where one of them has no such limit. */
function together(pod: Pod, of: 'requests' | 'limits', name: string): number | undefined {
  const amount = ofContainers(pod, of, name)
  return amount === undefined ? undefined : amount + (amountOf(pod.spec?.overhead?.[name]) ?? 0)
}

/** Init containers run before the others. */
function ofContainers(pod: Pod, of: 'requests' | 'limits', name: string): number | undefined {
  const { containers = [], initContainers = [], resources: ofAll } = (pod.spec ?? {}) as Partial<PodSpec>
  const told = ofAll?.[of]?.[name] ?? (of === 'requests' ? ofAll?.limits?.[name] : undefined)
  if (told !== undefined) return amountOf(told)
  const amounts = (list: typeof containers) =>
    list.map(({ resources }) =>
      amountOf(resources?.[of]?.[name] ?? (of === 'requests' ? resources?.limits?.[name] : undefined)),
    )
  const sidecars = initContainers.filter(({ restartPolicy }) => restartPolicy === 'Always')
  const inits = initContainers.filter(({ restartPolicy }) => restartPolicy !== 'Always')
  const all = [...amounts([...containers, ...sidecars]), ...amounts(inits)]
  if (of === 'limits' && all.some((amount) => amount === undefined)) return undefined
  const sum = amounts([...containers, ...sidecars]).reduce<number>((total, amount) => total + (amount ?? 0), 0)
  return Math.max(sum, ...amounts(inits).map((amount) => amount ?? 0))
}
