// What a work queue tells of itself, under upstream's names: how many keys came, how long they waited, how long work on
// them took, and since when the longest turn has been under way.
// Upstream: client-go/util/workqueue/metrics.go, component-base/metrics/prometheus/workqueue/metrics.go.

import type { Clock } from '../../base/clock.ts'
import type { Count, Metrics, Series } from '../../base/metrics.ts'

/** From a microsecond to a quarter of an hour, each ten times the one before. */
const SECONDS = Array.from({ length: 10 }, (_, power) => 10 ** (power - 6))

/** A queue says what happens to its keys. */
export class QueueMetrics {
  readonly #clock: Clock
  readonly #adds: Count
  readonly #retries: Count
  readonly #waited: Series
  readonly #worked: Series
  readonly #addedAt = new Map<string, number>()
  readonly #takenAt = new Map<string, number>()
  #depth = 0

  constructor(metrics: Metrics, clock: Clock, name: string) {
    this.#clock = clock
    const labels = { name }
    this.#adds = metrics.counter('workqueue_adds_total', 'Keys that were added.').of(labels)
    metrics.gauge('workqueue_depth', 'Keys that wait.', () => [[labels, this.#depth]])
    metrics.gauge(
      'workqueue_longest_running_processor_seconds',
      'How long the longest turn has been under way.',
      () => [[labels, Math.max(0, ...this.#underWay())]],
    )
    this.#waited = metrics.histogram('workqueue_queue_duration_seconds', 'How long keys waited.', SECONDS).of(labels)
    this.#retries = metrics.counter('workqueue_retries_total', 'Keys that were asked for later.').of(labels)
    metrics.gauge('workqueue_unfinished_work_seconds', 'How long all turns under way have been so, together.', () => [
      [labels, this.#underWay().reduce((sum, seconds) => sum + seconds, 0)],
    ])
    this.#worked = metrics.histogram('workqueue_work_duration_seconds', 'How long turns took.', SECONDS).of(labels)
  }

  /** Asked for and not yet in the line: the key may be worked on right now. */
  added(key: string): void {
    this.#adds.value++
    this.#depth++
    this.#addedAt.set(key, this.#clock.monotonic())
  }

  taken(key: string): void {
    const now = this.#clock.monotonic()
    this.#depth--
    this.#waited.observe((now - (this.#addedAt.get(key) ?? now)) / 1000)
    this.#addedAt.delete(key)
    this.#takenAt.set(key, now)
  }

  done(key: string): void {
    const now = this.#clock.monotonic()
    this.#worked.observe((now - (this.#takenAt.get(key) ?? now)) / 1000)
    this.#takenAt.delete(key)
  }

  retried(): void {
    this.#retries.value++
  }

  emptied(): void {
    this.#depth = 0
    this.#addedAt.clear()
  }

  #underWay(): number[] {
    const now = this.#clock.monotonic()
    return Array.from(this.#takenAt.values(), (at) => (now - at) / 1000)
  }
}
