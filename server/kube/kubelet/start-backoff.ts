// Back-off per key that starts counting at an event (a container's end, a failed pull) and forgets after a long quiet.
// The first failure costs nothing: an entry is made, and only the second one within it has to wait.
// Upstream: client-go/util/flowcontrol/backoff.go.
//
//   crash   start at once   crash   wait 10 s   crash   wait 20 s   …   wait 300 s   runs 10 min: forgotten

import type { Clock } from '../../base/clock.ts'

interface Entry {
  delayMs: number
  updatedAt: number
}

export class StartBackoff {
  readonly #clock: Clock
  readonly #initialMs: number
  readonly #maxMs: number
  readonly #forgetMs: number
  readonly #entries = new Map<string, Entry>()

  /** `forgetMs`: after so long a quiet; twice the longest wait. */
  constructor(options: { clock: Clock; initialMs: number; maxMs: number; forgetMs?: number }) {
    this.#clock = options.clock
    this.#initialMs = Math.min(options.initialMs, options.maxMs)
    this.#maxMs = options.maxMs
    this.#forgetMs = options.forgetMs ?? 2 * options.maxMs
  }

  /** How long from now a key must still wait after its event at `eventAt`; 0 when it may go. */
  remainingMs(key: string, eventAt: number): number {
    const entry = this.#entries.get(key)
    if (!entry || this.#isForgotten(entry, eventAt)) return 0
    return Math.max(0, entry.delayMs - (this.#clock.now() - eventAt))
  }

  /** The same, counted from the last try instead of from an event. */
  remainingSinceTryMs(key: string): number {
    const entry = this.#entries.get(key)
    if (!entry || this.#isForgotten(entry, this.#clock.now())) return 0
    return Math.max(0, entry.delayMs - (this.#clock.now() - entry.updatedAt))
  }

  delayMs(key: string): number {
    return this.#entries.get(key)?.delayMs ?? 0
  }

  /** One more try is being made. */
  next(key: string, eventAt: number): void {
    const entry = this.#entries.get(key)
    const known = entry && !this.#isForgotten(entry, eventAt)
    const delayMs = known ? Math.min(entry.delayMs * 2, this.#maxMs) : this.#initialMs
    this.#entries.set(key, { delayMs, updatedAt: this.#clock.now() })
  }

  forget(prefix: string): void {
    for (const key of this.#entries.keys()) if (key.startsWith(prefix)) this.#entries.delete(key)
  }

  #isForgotten(entry: Entry, eventAt: number): boolean {
    return eventAt - entry.updatedAt > this.#forgetMs
  }
}

/** `1.234s`, `56ms`: as Go prints a measured duration, rounded to milliseconds. */
export function goMeasured(ms: number): string {
  const rounded = Math.round(ms)
  return rounded < 1000 ? `${rounded}ms` : `${rounded / 1000}s`
}
