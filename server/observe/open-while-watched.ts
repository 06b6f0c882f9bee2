// What costs something while it is open: opened for the first who looks, shared by all who look, closed when nobody has for
// a while.

import type { Clock } from '../base/clock.ts'

export interface OpenWhileWatchedOptions<T> {
  open: () => T
  /** Whoever only changes the lens or loads the page again finds it still there. */
  lingerMs: number
  clock: Clock
}

const LEAST_BETWEEN_LOOKS_MS = 100
/** As many times as long as the last look took: one who looks at very much must leave the classroom time for all others. */
const REST_AFTER_LOOK = 10

export class OpenWhileWatched<T extends Disposable> implements Disposable {
  readonly #options: OpenWhileWatchedOptions<T>
  readonly #listeners = new Set<() => void>()
  #running: T | undefined
  #lingering: Disposable | undefined

  constructor(options: OpenWhileWatchedOptions<T>) {
    this.#options = options
  }

  /** Looks at it at once, then whenever something was told of it; yields what a look finds. */
  async *whenever<Found>(signal: AbortSignal, look: (running: T) => Found | undefined): AsyncGenerator<Found> {
    const { clock } = this.#options
    let wake = Promise.withResolvers<void>()
    const listener = () => wake.resolve()
    const running = this.#join(listener)
    signal.addEventListener('abort', listener, { once: true })
    try {
      while (!signal.aborted && this.#running === running) {
        wake = Promise.withResolvers()
        const begun = clock.monotonic()
        const found = look(running)
        const rest = Math.max(LEAST_BETWEEN_LOOKS_MS, REST_AFTER_LOOK * (clock.monotonic() - begun))
        if (found !== undefined) yield found
        await wake.promise
        await clock.sleep(rest, signal).catch(() => undefined)
      }
    } finally {
      signal.removeEventListener('abort', listener)
      this.#leave(listener)
    }
  }

  tell(): void {
    for (const listener of this.#listeners) listener()
  }

  [Symbol.dispose](): void {
    this.#lingering?.[Symbol.dispose]()
    this.#close()
    this.tell()
  }

  #join(listener: () => void): T {
    this.#lingering?.[Symbol.dispose]()
    this.#lingering = undefined
    this.#listeners.add(listener)
    this.#running ??= this.#options.open()
    return this.#running
  }

  #leave(listener: () => void): void {
    this.#listeners.delete(listener)
    if (this.#listeners.size > 0 || !this.#running) return
    this.#lingering = this.#options.clock.setTimeout(() => this.#close(), this.#options.lingerMs)
  }

  #close(): void {
    const running = this.#running
    this.#running = undefined
    running?.[Symbol.dispose]()
  }
}
