// Which request made which revision, for as long as anyone is likely to ask. Bounded: the oldest are forgotten first.

import type { WriteOrigin } from './writes-in-flight.ts'

const LIMIT = 10_000

export class CauseMap {
  readonly #origins = new Map<number, WriteOrigin>()

  set(revision: number, origin: WriteOrigin): void {
    this.#origins.set(revision, origin)
    if (this.#origins.size > LIMIT) {
      const [oldest] = this.#origins.keys()
      if (oldest !== undefined) this.#origins.delete(oldest)
    }
  }

  get(revision: number): WriteOrigin | undefined {
    return this.#origins.get(revision)
  }
}
