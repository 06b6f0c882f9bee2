// What the scheduler tells of itself, under upstream's names. Upstream: kubernetes/pkg/scheduler/metrics/metrics.go.

import type { Clock } from '../../base/clock.ts'
import type { Histogram, Metrics } from '../../base/metrics.ts'
import type { QueuedPod, SchedulingQueue } from './scheduling-queue.ts'
import type { Stage, StageStatus, StageWatch } from './stage-watch.ts'
import type { Timed } from './timed-plugins.ts'

type Result = 'scheduled' | 'unschedulable' | 'error'

/** A pod, and who of its profile would not have it. */
export type Rejected = Pick<QueuedPod, 'pod' | 'rejectedBy'>

const doubling = (first: number, count: number) => Array.from({ length: count }, (_, power) => first * 2 ** power)

export class SchedulerMetrics {
  readonly #clock: Clock
  readonly #attempts
  readonly #attemptSeconds
  readonly #decisionSeconds
  readonly #podAttempts
  readonly #podSeconds
  readonly #stageSeconds: Histogram
  readonly #pluginSeconds
  readonly #incoming
  readonly #preemptions
  readonly #victims

  constructor(metrics: Metrics, told: { clock: Clock; queue: SchedulingQueue; gated: () => Rejected[] }) {
    this.#clock = told.clock
    metrics.gauge('scheduler_pending_pods', 'Pods without a node, by where they wait.', () =>
      Object.entries({ ...told.queue.counts, gated: told.gated().length }).map(([queue, count]) => [{ queue }, count]),
    )
    metrics.gauge('scheduler_unschedulable_pods', 'Pods without a node, by who refused them last time.', () =>
      rejectionsOf([...told.queue.waiting(), ...told.gated()]),
    )
    this.#preemptions = metrics.counter('scheduler_preemption_attempts_total', 'Attempts to make room for a pod.')
    this.#victims = metrics.histogram(
      'scheduler_preemption_victims',
      'How many pods had to go for one.',
      doubling(1, 7),
    )
    this.#incoming = metrics.counter(
      'scheduler_queue_incoming_pods_total',
      'Pods that came into a queue, by what brought them there.',
    )
    this.#stageSeconds = metrics.histogram(
      'scheduler_framework_extension_point_duration_seconds',
      'How long all plug-ins of a stage took together.',
      doubling(0.0001, 12),
    )
    this.#pluginSeconds = metrics.histogram(
      'scheduler_plugin_execution_duration_seconds',
      'How long single plug-ins took, in every tenth cycle.',
      Array.from({ length: 20 }, (_, power) => 0.00001 * 1.5 ** power),
    )
    this.#podAttempts = metrics.histogram(
      'scheduler_pod_scheduling_attempts',
      'How many attempts it took until a pod had a node.',
      doubling(1, 5),
    )
    this.#podSeconds = metrics.histogram(
      'scheduler_pod_scheduling_sli_duration_seconds',
      'How long it took from a pod’s arrival until it had a node.',
      doubling(0.01, 20),
    )
    this.#attempts = metrics.counter('scheduler_schedule_attempts_total', 'Attempts to find a node, by result.')
    this.#decisionSeconds = metrics.histogram(
      'scheduler_scheduling_algorithm_duration_seconds',
      'How long it took to decide.',
      doubling(0.001, 15),
    )
    this.#attemptSeconds = metrics.histogram(
      'scheduler_scheduling_attempt_duration_seconds',
      'How long attempts took, binding included.',
      doubling(0.001, 15),
    )
  }

  triedToPreempt(): void {
    this.#preemptions.add({})
  }

  preempted(victims: number): void {
    this.#victims.observe({}, victims)
  }

  came(queue: string, event: string): void {
    this.#incoming.add({ queue, event })
  }

  readonly timed: Timed = (labels) => this.#pluginSeconds.of(labels)

  /** For the decisions of a profile. */
  watchOf(profile: string): StageWatch {
    const told = (stage: Stage, status: StageStatus, began: number) =>
      this.#stageSeconds.observe({ extension_point: stage, status, profile }, (this.#clock.monotonic() - began) / 1000)
    return (stage, work, status = () => 'Success') => {
      const began = this.#clock.monotonic()
      try {
        const result = work()
        if (!(result instanceof Promise)) {
          told(stage, status(result as Awaited<typeof result>), began)
          return result
        }
        result.then(
          (value) => told(stage, status(value), began),
          () => told(stage, 'Error', began),
        )
        return result
      } catch (err) {
        told(stage, 'Error', began)
        throw err
      }
    }
  }

  decided(durationMs: number): void {
    this.#decisionSeconds.observe({}, durationMs / 1000)
  }

  /** `startedAt` by the monotonic clock, in milliseconds. */
  attempted(queued: QueuedPod, profile: string, result: Result, startedAt: number): void {
    const now = this.#clock.monotonic()
    const labels = { profile, result }
    this.#attempts.add(labels)
    this.#attemptSeconds.observe(labels, (now - startedAt) / 1000)
    if (result !== 'scheduled') return
    this.#podAttempts.observe({}, queued.attempts)
    // From the sixteenth on they are one line, as upstream.
    const attempts = queued.attempts > 15 ? '16+' : String(queued.attempts)
    this.#podSeconds.observe({ attempts }, (now - (queued.firstTurnAt ?? now)) / 1000)
  }
}

/** A pod counts for each of those that refused it. */
function rejectionsOf(pods: readonly Rejected[]): [{ plugin: string; profile: string }, number][] {
  const counts = new Map<string, number>()
  for (const { pod, rejectedBy } of pods) {
    const profile = pod.spec?.schedulerName || 'default-scheduler'
    for (const plugin of rejectedBy) {
      const key = JSON.stringify({ plugin, profile })
      counts.set(key, (counts.get(key) ?? 0) + 1)
    }
  }
  return Array.from(counts, ([key, count]) => [JSON.parse(key) as { plugin: string; profile: string }, count])
}
