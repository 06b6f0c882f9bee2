// The machine is about to be shut down: its pods are ended before it, each in its own time as far as there is any, and those
// that the others need last. Nothing waits for them unless the kubelet's settings say how long.
//
//   shutdownGracePeriod 30s, of it for critical pods 10s:      all others 20 s ─► critical ones 10 s ─► off
//
// Or in as many turns as are told, from the lowest priority to the highest.
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
    const turns = turnsOf(configuration)
    if (turns.length === 0) return false
    this.#isUnderWay = true
    onBegin()
    for (const turn of turns) {
      await this.#end(({ pod }) => turnOf(turns, pod) === turn, turn.seconds * 1000)
    }
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

interface Turn {
  /** Of those who are ended in it the lowest. */
  priority: number
  seconds: number
}

function turnsOf(configuration: KubeletConfiguration): Turn[] {
  const told = configuration.shutdownGracePeriodByPodPriority
  if (told.length > 0) {
    return told
      .map(({ priority, shutdownGracePeriodSeconds }) => ({ priority, seconds: shutdownGracePeriodSeconds }))
      .sort((a, b) => a.priority - b.priority)
  }
  const wholeMs = durationOf(configuration.shutdownGracePeriod)
  if (wholeMs === 0) return []
  const criticalMs = durationOf(configuration.shutdownGracePeriodCriticalPods)
  return [
    { priority: 0, seconds: (wholeMs - criticalMs) / 1000 },
    { priority: CRITICAL_PRIORITY, seconds: criticalMs / 1000 },
  ]
}

/** Who comes before all of them goes with the first. */
const turnOf = (turns: readonly Turn[], { spec }: Pod) =>
  turns.findLast(({ priority }) => priority <= (spec?.priority ?? 0)) ?? turns[0]
