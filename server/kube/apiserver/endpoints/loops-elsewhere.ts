// Hears when a loop that tells of itself (loop-reports.ts) has ended. It need not say so, and whoever is killed cannot: it has
// when none of its watches is open any more. A watch that is renewed is gone for a moment only.

import type { Clock } from '../../../base/clock.ts'
import type { Trace, TraceEvent } from '../../../base/trace.ts'

const RENEWED_WITHIN_MS = 3_000

/** The trace that endpoints tell what happened, as it goes by here. */
export class LoopsElsewhere implements Trace, Disposable {
  readonly #trace: Trace
  readonly #clock: Clock
  /** How many watches each client has open; whoever has none is not in it. */
  readonly #open = new Map<string, number>()
  readonly #loops = new Set<string>()
  readonly #ending = new Map<string, Disposable>()

  constructor({ trace, clock }: { trace: Trace; clock: Clock }) {
    this.#trace = trace
    this.#clock = clock
  }

  get isWatched(): boolean {
    return this.#trace.isWatched !== false
  }

  emit(event: TraceEvent): void {
    this.#trace.emit(event)
    if (event.type !== 'watch') return
    const { client, state } = event
    const open = (this.#open.get(client) ?? 0) + (state === 'open' ? 1 : -1)
    if (open > 0) this.#open.set(client, open)
    else this.#open.delete(client)
    if (this.#loops.has(client)) this.#look(client)
  }

  /** This client is a loop. */
  told(client: string): void {
    this.#loops.add(client)
    this.#look(client)
  }

  [Symbol.dispose](): void {
    for (const timer of this.#ending.values()) timer[Symbol.dispose]()
    this.#ending.clear()
  }

  #look(client: string): void {
    if (this.#open.has(client)) {
      this.#ending.get(client)?.[Symbol.dispose]()
      this.#ending.delete(client)
    } else if (!this.#ending.has(client)) {
      this.#ending.set(
        client,
        this.#clock.setTimeout(() => this.#end(client), RENEWED_WITHIN_MS),
      )
    }
  }

  #end(client: string): void {
    this.#ending.delete(client)
    this.#loops.delete(client)
    const at = this.#clock.now()
    this.#trace.emit({ type: 'loop', at, client, queue: [], queueLength: 0, cacheRevision: 0, hasEnded: true })
  }
}
