// A work queue that can also be asked for a key later. Asked twice, the earlier time counts.
// Upstream: client-go/util/workqueue/delaying_queue.go.

import type { Clock } from '../../base/clock.ts'
import type { QueueMetrics } from './queue-metrics.ts'
import { type QueueOptions, WorkQueue } from './work-queue.ts'

interface Delayed {
  dueAt: number
  timer: Disposable
}

export class DelayingQueue extends WorkQueue {
  readonly #clock: Clock
  readonly #retries: QueueMetrics | undefined
  readonly #delayed = new Map<string, Delayed>()

  constructor(clock: Clock, options: QueueOptions = {}) {
    super(options)
    this.#clock = clock
    this.#retries = options.metrics
  }

  /** How many keys wait for their time. */
  get delayed(): number {
    return this.#delayed.size
  }

  addAfter(key: string, delayMs: number): void {
    if (this.isShuttingDown) return
    this.#retries?.retried()
    if (delayMs <= 0) {
      this.add(key)
      return
    }
    const dueAt = this.#clock.monotonic() + delayMs
    const waiting = this.#delayed.get(key)
    if (waiting) {
      if (waiting.dueAt <= dueAt) return
      waiting.timer[Symbol.dispose]()
    }
    const timer = this.#clock.setTimeout(() => {
      this.#delayed.delete(key)
      this.add(key)
    }, delayMs)
    this.#delayed.set(key, { dueAt, timer })
  }

  override shutDown(): void {
    for (const { timer } of this.#delayed.values()) timer[Symbol.dispose]()
    this.#delayed.clear()
    super.shutDown()
  }
}
