// What has been written for clients that have not taken it yet, of all connections of a server. Where a server in Go blocks
// until a client reads, Node keeps what it cannot send: a thousand answers that nobody reads would be the memory of
// everybody's control planes.

const MOST_BYTES = 512 * 1024 * 1024
/** To which it is brought back then: whoever is at the bound would else be looked through at each event. */
const ROOM_FROM = (MOST_BYTES / 8) * 7
/** Whoever reads has no more to take than this, and is not looked at again. */
const FEW_BYTES = 16 * 1024

/** An answer on its way. */
export interface Taker {
  readonly writableLength: number
  destroy(): unknown
  once(event: 'close', run: () => void): unknown
}

export class Unread {
  readonly #held = new Map<Taker, number>()
  /** Never less than it is: who has read meanwhile is asked only when it is too much. */
  #bytes = 0

  /** Something has been written. Who has most to take is let go when all together have too much. */
  note(taker: Taker): void {
    const bytes = taker.writableLength
    const before = this.#held.get(taker)
    if (before === undefined) {
      if (bytes < FEW_BYTES) return
      taker.once('close', () => this.#forget(taker))
    }
    this.#held.set(taker, bytes)
    this.#bytes += bytes - (before ?? 0)
    if (this.#bytes > MOST_BYTES) this.#makeRoom()
  }

  #makeRoom(): void {
    for (const taker of this.#held.keys()) this.#held.set(taker, taker.writableLength)
    this.#bytes = [...this.#held.values()].reduce((sum, bytes) => sum + bytes, 0)
    if (this.#bytes <= MOST_BYTES) return
    for (const [taker] of [...this.#held].sort(([, a], [, b]) => b - a)) {
      this.#forget(taker)
      taker.destroy()
      if (this.#bytes <= ROOM_FROM) return
    }
  }

  #forget(taker: Taker): void {
    this.#bytes -= this.#held.get(taker) ?? 0
    this.#held.delete(taker)
  }
}
