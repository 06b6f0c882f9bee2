// The machine is about to be shut down: its pods are ended before it, each in its own time as far as there is any, and those
// that the others need last. Nothing waits for them unless the kubelet's settings say how long.
//
//   shutdownGracePeriod 30s, of it for critical pods 10s:      all others 20 s ─► critical ones 10 s ─► off
//
// Upstream: pkg/kubelet/nodeshutdown/nodeshutdown_manager.go.

import type { Pod } from 'kubernetes-types/core/v1'
import type { Clock } from '../../base/clock.ts'
import type { Rejection } from './admission.ts'
import { durationOf, type KubeletConfiguration } from './kubelet-configuration.ts'
import type { PodWorker } from './pod-worker.ts'

const MESSAGE = 'Pod was terminated in response to imminent node shutdown.'
const VERDICT = {
  reason: 'Terminated',
  message: MESSAGE,
  condition: { type: 'DisruptionTarget', status: 'True', reason: 'TerminationByKubelet', message: MESSAGE },
}
const LOOK_MS = 100
/** Of system-cluster-critical and system-node-critical, and above. */
const CRITICAL_PRIORITY = 2_000_000_000

export interface NodeShutdownOptions {
  configuration: KubeletConfiguration
  clock: Clock
  workers(): readonly Pick<PodWorker, 'pod' | 'isOver' | 'end'>[]
  /** The node is no longer ready. */
  onBegin(): void
}

export class NodeShutdown {
  readonly #options: NodeShutdownOptions
  #isUnderWay = false

  constructor(options: NodeShutdownOptions) {
    this.#options = options
  }

  /** Why pods cannot be run here any more. */
  get notReady(): string | undefined {
    return this.#isUnderWay ? 'node is shutting down' : undefined
  }

  admit(): Rejection | undefined {
    if (!this.#isUnderWay) return undefined
    return { reason: 'NodeShutdown', message: 'Pod was rejected as the node is shutting down.' }
  }

  /** Resolves when all pods have ended, or their time is over; false when nobody gives them any. */
  async run(): Promise<boolean> {
    const { configuration, onBegin } = this.#options
    const wholeMs = durationOf(configuration.shutdownGracePeriod)
    const criticalMs = durationOf(configuration.shutdownGracePeriodCriticalPods)
    if (wholeMs === 0) return false
    this.#isUnderWay = true
    onBegin()
    await this.#end(({ pod }) => (pod.spec?.priority ?? 0) < CRITICAL_PRIORITY, wholeMs - criticalMs)
    await this.#end(() => true, criticalMs)
    return true
  }

  async #end(belongs: (worker: { pod: Pod }) => boolean, periodMs: number): Promise<void> {
    const { clock, workers } = this.#options
    const group = workers().filter((worker) => !worker.isOver && belongs(worker))
    for (const worker of group) {
      const own = Number(worker.pod.spec?.terminationGracePeriodSeconds ?? 30)
      worker.end(VERDICT, Math.min(own, Math.floor(periodMs / 1000)))
    }
    const giveUpAt = clock.monotonic() + periodMs
    while (group.some((worker) => !worker.isOver) && clock.monotonic() < giveUpAt) await clock.sleep(LOOK_MS)
  }
}
