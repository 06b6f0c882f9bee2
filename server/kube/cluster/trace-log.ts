// Keeps the newest trace events of one cluster, numbered without a gap, and hands them to whoever watches.
//
//   seq   … 41 42 43 44 45            `capacity` newest are kept; a watcher that asks for older ones
//   kept        [42 43 44 45]          is told that it missed some, never shown a guess
//
// Watchers get batches: a burst of a thousand events is one call, not a thousand.

import type { Clock } from '../../base/clock.ts'
import type { Trace, TraceEvent } from '../../base/trace.ts'

export interface TraceBatch {
  /** Of the last event in `events`; they count up by one from `seq - events.length + 1`. */
  seq: number
  events: TraceEvent[]
  /** Some events that were asked for are no longer kept. */
  missed: boolean
}

interface Watcher {
  seen: number
  listener: (batch: TraceBatch) => void
}

const BATCH_MS = 20

export class TraceLog implements Trace {
  readonly #clock: Clock
  readonly #capacity: number
  /** Slot `seq % capacity`. */
  readonly #ring: TraceEvent[] = []
  readonly #watchers = new Set<Watcher>()
  #seq = 0
  #flush: Disposable | undefined

  constructor({ clock, capacity = 20_000 }: { clock: Clock; capacity?: number }) {
    this.#clock = clock
    this.#capacity = capacity
  }

  get seq(): number {
    return this.#seq
  }

  get isWatched(): boolean {
    return this.#watchers.size > 0
  }

  emit(event: TraceEvent): void {
    this.#seq++
    this.#ring[this.#seq % this.#capacity] = event
    if (this.#watchers.size > 0) this.#flush ??= this.#clock.setTimeout(() => this.#handOut(), BATCH_MS)
  }

  /** Calls back with what is kept after `since`, at once when there is some, and then with what comes. */
  watch(since: number, listener: (batch: TraceBatch) => void): Disposable {
    const watcher: Watcher = { seen: Math.min(since, this.#seq), listener }
    this.#watchers.add(watcher)
    this.#handOutTo(watcher)
    return { [Symbol.dispose]: () => void this.#watchers.delete(watcher) }
  }

  #handOut(): void {
    this.#flush = undefined
    for (const watcher of this.#watchers) this.#handOutTo(watcher)
  }

  #handOutTo(watcher: Watcher): void {
    if (watcher.seen === this.#seq) return
    const oldest = Math.max(1, this.#seq - this.#capacity + 1)
    const from = Math.max(watcher.seen + 1, oldest)
    const events: TraceEvent[] = []
    for (let seq = from; seq <= this.#seq; seq++) events.push(this.#ring[seq % this.#capacity]!)
    const missed = from > watcher.seen + 1
    watcher.seen = this.#seq
    watcher.listener({ seq: this.#seq, events, missed })
  }
}
