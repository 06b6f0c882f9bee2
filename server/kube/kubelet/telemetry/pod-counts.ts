// What is counted of pods while they are looked after: from when this kubelet first heard of them to when they run, how long
// each look at one takes, and how often one is begun. Upstream: kubelet.go (syncPod), pod_workers.go.

import type { Clock } from '../../../base/clock.ts'
import type { Counter, Histogram, Metrics } from '../../../base/metrics.ts'
import { STARTUP_BOUNDS, USUAL_BOUNDS } from './bounds.ts'

export type Look = 'create' | 'update' | 'sync' | 'kill' | 'terminated'

export class PodCounts {
  readonly #clock: Clock
  readonly #looks: Histogram
  readonly #firstLooks: Histogram
  readonly #running: Histogram
  readonly #containers: Histogram
  readonly #started: Counter
  readonly #failed: Counter

  constructor({ clock, metrics }: { clock: Clock; metrics: Metrics }) {
    this.#clock = clock
    this.#looks = metrics.histogram(
      'kubelet_pod_worker_duration_seconds',
      'Duration in seconds to sync a single pod. Broken down by operation type: create, update, or sync',
      USUAL_BOUNDS,
    )
    this.#firstLooks = metrics.histogram(
      'kubelet_pod_worker_start_duration_seconds',
      'Duration in seconds from kubelet seeing a pod to starting a worker.',
      USUAL_BOUNDS,
    )
    this.#running = metrics.histogram(
      'kubelet_pod_start_duration_seconds',
      'Duration in seconds from kubelet seeing a pod for the first time to the pod starting to run',
      STARTUP_BOUNDS,
    )
    this.#containers = metrics.histogram(
      'kubelet_containers_per_pod_count',
      'The number of containers per pod.',
      [1, 2, 4, 8, 16],
    )
    this.#started = metrics.counter('kubelet_started_pods_total', 'Cumulative number of pods started')
    this.#failed = metrics.counter(
      'kubelet_started_pods_errors_total',
      'Cumulative number of errors when starting pods',
    )
  }

  /** Until it is disposed, a pod is looked at. */
  look(kind: Look): Disposable {
    const from = this.#clock.monotonic()
    return { [Symbol.dispose]: () => this.#looks.observe({ operation_type: kind }, this.#since(from)) }
  }

  firstLook(seenAt: number, containers: number): void {
    this.#firstLooks.observe({}, this.#since(seenAt))
    this.#containers.observe({}, containers)
  }

  running(seenAt: number): void {
    this.#running.observe({}, this.#since(seenAt))
  }

  async start<T>(begin: () => Promise<T>): Promise<T> {
    this.#started.add({})
    try {
      return await begin()
    } catch (err) {
      this.#failed.add({})
      throw err
    }
  }

  #since(monotonic: number): number {
    return (this.#clock.monotonic() - monotonic) / 1000
  }
}
