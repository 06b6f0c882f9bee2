// A delaying queue for keys that failed: each failure of a key doubles its wait, and all failures together may not
// come faster than a bucket allows.
//
//   failures of one key    1     2      3      4    …  18
//   wait                   5 ms  10 ms  20 ms  40 ms   11 min, at most 1000 s unless told
//
// Upstream: client-go/util/workqueue/{rate_limiting_queue,default_rate_limiters}.go.

import type { Clock } from '../../base/clock.ts'
import { DelayingQueue } from './delaying-queue.ts'
import { TokenBucket } from './token-bucket.ts'
import type { QueueOptions } from './work-queue.ts'

const FIRST_DELAY_MS = 5
const MAX_DELAY_MS = 1_000_000

export class RateLimitingQueue extends DelayingQueue {
  readonly #failures = new Map<string, number>()
  readonly #bucket: TokenBucket
  readonly #longestDelayMs: number

  constructor(clock: Clock, options: QueueOptions & { longestDelayMs?: number } = {}) {
    super(clock, options)
    this.#longestDelayMs = options.longestDelayMs ?? MAX_DELAY_MS
    this.#bucket = new TokenBucket({ clock, perSecond: 10, burst: 100 })
  }

  addRateLimited(key: string): void {
    const failures = this.#failures.get(key) ?? 0
    this.#failures.set(key, failures + 1)
    const ownMs = Math.min(FIRST_DELAY_MS * 2 ** failures, this.#longestDelayMs)
    this.addAfter(key, Math.max(ownMs, this.#bucket.reserve()))
  }

  /** The key succeeded, or nobody will try it again: its next failure is its first. */
  forget(key: string): void {
    this.#failures.delete(key)
  }

  failuresOf(key: string): number {
    return this.#failures.get(key) ?? 0
  }
}
