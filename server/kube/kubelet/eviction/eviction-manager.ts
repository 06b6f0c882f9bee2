// Keeps a machine from running out of memory, disk and process numbers: sees what is short, tells it as conditions of
// the node, frees what nobody needs, and at last ends one pod at a time.
//
//   observe ─► thresholds met ─► conditions (for a while longer) ─► grace over? ─► reclaim ─► evict the first
//
// Upstream: pkg/kubelet/eviction/eviction_manager.go.

import type { Pod } from 'kubernetes-types/core/v1'
import type { Clock } from '../../../base/clock.ts'
import type { Logger } from '../../../base/logger.ts'
import type { Counter, Metrics } from '../../../base/metrics.ts'
import { qosClassOf } from '../../kinds/pod-template/qos.ts'
import type { Rejection } from '../admission.ts'
import { durationOf, type KubeletConfiguration } from '../kubelet-configuration.ts'
import type { KubeletEvents } from '../kubelet-events.ts'
import { localLimitExceeded } from './local-limits.ts'
import type { PodUsage } from './pod-usage.ts'
import { isCritical, rank, whyEvicted } from './ranking.ts'
import {
  type Observations,
  type Pressure,
  SIGNALS,
  type Starved,
  type Threshold,
  thresholdsMet,
  thresholdsOf,
} from './thresholds.ts'

export interface Eviction {
  message: string
  graceSeconds: number
  /** The node was short, not the pod above its own limits. */
  isForPressure: boolean
}

export interface EvictionManagerOptions {
  configuration: KubeletConfiguration
  /** Of this node, running. */
  pods(): readonly Pod[]
  observe(): Promise<Observations>
  /** Of those given; expensive. `short` is what all of them are measured for. */
  measure(pods: readonly Pod[], short: Starved | undefined): Promise<ReadonlyMap<string, PodUsage>>
  /** Frees of a resource what no pod needs. */
  reclaim(resource: Starved): Promise<void>
  /** Resolves when nothing of the pod runs any more. */
  evict(pod: Pod, eviction: Eviction): Promise<void>
  /** The node's conditions are others now. */
  onChange(): void
  events: KubeletEvents
  clock: Clock
  logger: Logger
  metrics: Metrics
}

const LOOK_MS = 10_000

export class EvictionManager {
  readonly #options: EvictionManagerOptions
  readonly #thresholds: Threshold[]
  readonly #transitionMs: number
  readonly #evicted: Counter
  #met: Threshold[] = []
  /** When each was first met. */
  readonly #since = new Map<Threshold, number>()
  readonly #lastSeen = new Map<Pressure, number>()
  #pressures: ReadonlySet<Pressure> = new Set()

  constructor(options: EvictionManagerOptions) {
    this.#options = options
    this.#evicted = options.metrics.counter(
      'kubelet_evictions',
      'Cumulative number of pod evictions by eviction signal',
    )
    this.#thresholds = thresholdsOf(options.configuration)
    this.#transitionMs = durationOf(options.configuration.evictionPressureTransitionPeriod)
  }

  /** What the node is short of, or was a short while ago. */
  get pressures(): ReadonlySet<Pressure> {
    return this.#pressures
  }

  async run(signal: AbortSignal): Promise<void> {
    const { clock, logger } = this.#options
    while (!signal.aborted) {
      const evicted = await this.synchronize().catch((err: unknown) => {
        logger.warn('the machine was not looked at for what it is short of, will be tried again', { err })
        return false
      })
      if (!evicted) await clock.sleep(LOOK_MS, signal).catch(() => undefined)
    }
  }

  /** One look; says whether a pod was ended. */
  async synchronize(): Promise<boolean> {
    const { observe, measure, reclaim, events, clock, pods } = this.#options
    const observations = await observe()
    const now = clock.monotonic()
    const due = this.#judge(observations, now)
    if (await this.#endThoseAboveTheirLimits()) return true

    const [threshold] = due.sort((a, b) => rankOf(a) - rankOf(b))
    if (!threshold) return false
    const { resource } = SIGNALS[threshold.signal]
    events.node('Warning', 'EvictionThresholdMet', `Attempting to reclaim ${resource}`)
    await reclaim(resource)
    const left = thresholdsMet(this.#thresholds, await observe(), { reclaiming: true })
    if (left.length === 0) return false

    const candidates = pods()
    const usages = await measure(candidates, resource)
    const usageOf = (pod: Pod) => usages.get(pod.metadata?.uid ?? '')
    const pod = rank(candidates, usageOf, resource).find((one) => !isCritical(one))
    if (!pod) return false
    const { message, annotations } = whyEvicted(pod, usageOf(pod), threshold, observations)
    const graceSeconds = threshold.graceMs === 0 ? 1 : this.#options.configuration.evictionMaxPodGracePeriod
    await this.#end(pod, { message, graceSeconds, isForPressure: true }, annotations)
    this.#evicted.add({ eviction_signal: threshold.signal })
    return true
  }

  /** Whether a new pod may come now. */
  admit(pod: Pod): Rejection | undefined {
    if (this.#pressures.size === 0 || isCritical(pod)) return undefined
    if (this.#pressures.size === 1 && this.#pressures.has('MemoryPressure')) {
      const tolerates = (pod.spec?.tolerations ?? []).some(
        ({ key, operator = 'Equal', effect }) =>
          (key === MEMORY_TAINT || (key === undefined && operator === 'Exists')) &&
          (!effect || effect === 'NoSchedule'),
      )
      if (qosClassOf(pod.spec) !== 'BestEffort' || tolerates) return undefined
    }
    const conditions = `[${[...this.#pressures].join(' ')}]`
    return { reason: 'Evicted', message: `The node had condition: ${conditions}. ` }
  }

  /** Notes what is met and what that says of the node; returns what has lasted long enough to act. */
  #judge(observations: Observations, now: number): Threshold[] {
    const met = new Set([
      ...thresholdsMet(this.#thresholds, observations),
      ...thresholdsMet(this.#met, observations, { reclaiming: true }),
    ])
    for (const known of this.#since.keys()) if (!met.has(known)) this.#since.delete(known)
    for (const one of met) {
      if (!this.#since.has(one)) this.#since.set(one, now)
      this.#lastSeen.set(SIGNALS[one.signal].condition, now)
    }
    const lasting = [...this.#lastSeen].filter(([, at]) => now - at < this.#transitionMs || at === now)
    const before = this.#pressures
    this.#pressures = new Set(lasting.map(([pressure]) => pressure))
    this.#met = [...met].filter((one) => now - (this.#since.get(one) ?? now) >= one.graceMs)
    if (String([...before]) !== String([...this.#pressures])) this.#options.onChange()
    return [...this.#met]
  }

  async #endThoseAboveTheirLimits(): Promise<boolean> {
    const pods = this.#options.pods()
    const usages = await this.#options.measure(pods, undefined)
    const above = pods.flatMap((pod) => {
      const usage = usages.get(pod.metadata?.uid ?? '')
      const exceeded = usage && !isCritical(pod) ? localLimitExceeded(pod, usage) : undefined
      return exceeded ? [{ pod, ...exceeded }] : []
    })
    await Promise.all(
      above.map(async ({ pod, message, signal }) => {
        await this.#end(pod, { message, graceSeconds: 1, isForPressure: false })
        this.#evicted.add({ eviction_signal: signal })
      }),
    )
    return above.length > 0
  }

  async #end(pod: Pod, eviction: Eviction, annotations?: Record<string, string>): Promise<void> {
    this.#options.events.pod(pod, 'Warning', 'Evicted', eviction.message, undefined, annotations)
    this.#options.logger.warn('a pod is evicted', { pod: pod.metadata?.name, why: eviction.message })
    await this.#options.evict(pod, eviction)
  }
}

const MEMORY_TAINT = 'node.kubernetes.io/memory-pressure'
/** What kills processes at once is mended before what only refuses. */
const rankOf = ({ signal }: Threshold) => (signal === 'memory.available' ? 0 : 1)
