// Tells the trace that a loop's queue or cache has changed: at most once per round of the event loop, with the
// state at its end, so that a thousand events in one breath cost one line.

import type { Clock } from '../../base/clock.ts'
import type { Trace } from '../../base/trace.ts'

const SHOWN_KEYS = 10

export interface LoopTracerOptions {
  client: string
  clock: Clock
  trace: Trace
  /** The first keys in line, no more than so many. */
  queue(most: number): string[]
  queueLength(): number
  cacheRevision(): number
}

export class LoopTracer {
  readonly #options: LoopTracerOptions
  #told = ''
  #scheduled = false

  constructor(options: LoopTracerOptions) {
    this.#options = options
  }

  changed(): void {
    if (this.#scheduled) return
    this.#scheduled = true
    setImmediate(() => {
      this.#scheduled = false
      this.#emit()
    })
  }

  #emit(): void {
    const { client, clock, trace } = this.#options
    const queue = this.#options.queue(SHOWN_KEYS)
    const queueLength = this.#options.queueLength()
    const cacheRevision = this.#options.cacheRevision()
    const told = `${cacheRevision} ${queueLength} ${queue.join(' ')}`
    if (told === this.#told) return
    this.#told = told
    trace.emit({ type: 'loop', at: clock.now(), client, queue, queueLength, cacheRevision })
  }
}
