// Keeps what one watch hears in order. A webhook that converts custom resources takes its time, and what comes after waits
// for it; a watch whose objects cannot be converted ends with the reason.

import { internalError, StatusError } from '../../apimachinery/status-error.ts'

export class WatchOrder {
  readonly #fail: (error: StatusError) => void
  /** The conversion under way; undefined when there is none, and then nothing waits. */
  #last: Promise<void> | undefined

  constructor(fail: (error: StatusError) => void) {
    this.#fail = fail
  }

  /** What comes now may be used at once. */
  get isIdle(): boolean {
    return this.#last === undefined
  }

  next<T>(coming: T | Promise<T>, use: (value: T) => void): void {
    if (this.isIdle && !(coming instanceof Promise)) {
      use(coming)
      return
    }
    const next: Promise<void> = Promise.all([this.#last, coming])
      .then(([, value]) => use(value))
      .catch((err) => this.#fail(err instanceof StatusError ? err : internalError(err)))
      .finally(() => {
        if (this.#last === next) this.#last = undefined
      })
    this.#last = next
  }
}
