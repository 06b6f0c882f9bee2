// What a watch sees of custom resources that are stored in another version. A webhook takes its time; events keep their
// order all the same, and a watch whose objects cannot be converted ends with the reason.

import { internalError, StatusError } from '../../apimachinery/status-error.ts'
import type { Registry } from '../registry/registry.ts'
import type { Entry } from '../watch-cache/entry.ts'

export class WatchedVersion {
  readonly #registry: Registry
  /** The conversion under way; undefined when there is none, and then nothing waits. */
  #last: Promise<void> | undefined

  constructor(registry: Registry) {
    this.#registry = registry
  }

  show(entries: readonly Entry[], use: (shown: readonly Entry[]) => void, fail: (error: StatusError) => void): void {
    const shown = this.#registry.shown(entries)
    if (!this.#last && !(shown instanceof Promise)) {
      use(shown)
      return
    }
    const next: Promise<void> = Promise.all([this.#last, shown])
      .then(([, converted]) => use(converted))
      .catch((err) => fail(err instanceof StatusError ? err : internalError(err)))
      .finally(() => {
        if (this.#last === next) this.#last = undefined
      })
    this.#last = next
  }
}
