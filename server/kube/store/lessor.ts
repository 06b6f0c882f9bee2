// Ends leases whose time is up. Deadlines are not written down: a store that is opened again gives every lease its
// whole time anew, as a new etcd leader does, because nobody could renew one meanwhile. Upstream: lease/lessor.go.

import type { Clock } from '../../base/clock.ts'

export class Lessor implements Disposable {
  readonly #clock: Clock
  readonly #expire: (id: number) => void
  readonly #deadlines = new Map<number, number>()
  #timer: Disposable | undefined
  #timerAt = Number.POSITIVE_INFINITY

  constructor(clock: Clock, expire: (id: number) => void) {
    this.#clock = clock
    this.#expire = expire
  }

  renew(id: number, ttlSeconds: number): void {
    const deadline = this.#clock.monotonic() + ttlSeconds * 1000
    this.#deadlines.set(id, deadline)
    if (deadline < this.#timerAt) this.#setTimer(deadline)
  }

  forget(id: number): void {
    this.#deadlines.delete(id)
  }

  remainingSeconds(id: number): number {
    const deadline = this.#deadlines.get(id)
    return deadline === undefined ? -1 : Math.max(0, Math.floor((deadline - this.#clock.monotonic()) / 1000))
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
