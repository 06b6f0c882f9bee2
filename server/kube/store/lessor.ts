// Ends leases whose time is up. Deadlines are not written down: a store that is opened again gives every lease its
// whole time anew, as a new etcd leader does, because nobody could renew one meanwhile. Upstream: lease/lessor.go.

import type { Clock } from '../../base/clock.ts'

export class Lessor implements Disposable {
  readonly #clock: Clock
  readonly #expire: (id: bigint) => void
  readonly #deadlines = new Map<bigint, number>()
  #timer: Disposable | undefined
  #timerAt = Number.POSITIVE_INFINITY

  constructor(clock: Clock, expire: (id: bigint) => void) {
    this.#clock = clock
    this.#expire = expire
  }

  renew(id: bigint, ttlSeconds: number): void {
    const deadline = this.#clock.monotonic() + ttlSeconds * 1000
    this.#deadlines.set(id, deadline)
    if (deadline < this.#timerAt) this.#setTimer(deadline)
  }

  forget(id: bigint): void {
    this.#deadlines.delete(id)
  }

  remainingSeconds(id: bigint): number {
    const deadline = this.#deadlines.get(id)
    return deadline === undefined ? -1 : Math.max(0, Math.floor((deadline - this.#clock.monotonic()) / 1000))
  }

  deadline(id: bigint): number {
    return this.#deadlines.get(id) ?? 0
  }

  [Symbol.dispose](): void {
    this.#timer?.[Symbol.dispose]()
    this.#deadlines.clear()
  }

  #setTimer(at: number): void {
    this.#timer?.[Symbol.dispose]()
    this.#timerAt = at
    this.#timer = this.#clock.setTimeout(() => this.#run(), Math.max(0, at - this.#clock.monotonic()))
  }

  #run(): void {
    const now = this.#clock.monotonic()
    let next = Number.POSITIVE_INFINITY
    for (const [id, deadline] of this.#deadlines) {
      if (deadline > now) next = Math.min(next, deadline)
      else {
        this.#deadlines.delete(id)
        this.#expire(id)
      }
    }
    this.#timerAt = Number.POSITIVE_INFINITY
    if (next < Number.POSITIVE_INFINITY) this.#setTimer(next)
  }
}
