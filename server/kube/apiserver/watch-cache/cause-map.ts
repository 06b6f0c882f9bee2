// Which request made which revision, for as long as anyone is likely to ask. Bounded: when there are many new ones, those
// before them are forgotten together. (Taking the oldest out of a Map one by one means to step over all the gaps each time.)

import type { WriteOrigin } from './writes-in-flight.ts'

const GENERATION = 10_000

export class CauseMap {
  #young = new Map<number, WriteOrigin>()
  #old = new Map<number, WriteOrigin>()

  set(revision: number, origin: WriteOrigin): void {
    if (this.#young.size >= GENERATION) {
      this.#old = this.#young
      this.#young = new Map()
    }
    this.#young.set(revision, origin)
  }

  get(revision: number): WriteOrigin | undefined {
    return this.#young.get(revision) ?? this.#old.get(revision)
  }
}
