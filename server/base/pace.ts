// Long work in pieces: whoever has held the thread for some milliseconds lets everybody else have it before going on.

import { setImmediate as turn } from 'node:timers/promises'
import type { Clock } from './clock.ts'

const PIECE_MS = 10

export class Pace {
  readonly #clock: Clock
  #since: number

  constructor(clock: Clock) {
    this.#clock = clock
    this.#since = clock.monotonic()
  }

  /** Between two steps of the work: something to wait for when others are to have their turn. */
  pause(): Promise<void> | undefined {
    return this.#clock.monotonic() - this.#since < PIECE_MS ? undefined : this.#others()
  }

  /** What work that can stop at each `yield` returns. */
  async through<T>(work: Generator<undefined, T>): Promise<T> {
    for (;;) {
      const { done, value } = work.next()
      if (done) return value
      const pause = this.pause()
      if (pause) await pause
    }
  }

  async #others(): Promise<void> {
    await turn()
    this.#since = this.#clock.monotonic()
  }
}

/** The same for those who cannot wait. */
export function inOnePiece<T>(work: Generator<undefined, T>): T {
  for (;;) {
    const { done, value } = work.next()
    if (done) return value
  }
}
