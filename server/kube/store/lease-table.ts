// Which leases there are and which keys hang on them. Time is not known here; the lessor has the clock.
// Upstream: server/lease/lessor.go.

export interface LeaseEntry {
  ttlSeconds: number
  keys: Set<string>
  /**
   * Its end is decided but not yet durable. Nobody can use it any more, but a snapshot must still hold it: if the
   * power goes now, its keys are back, and they must not outlive it for ever.
   */
  isEnding: boolean
}

export class LeaseTable {
  readonly #leases = new Map<bigint, LeaseEntry>()

  get(id: bigint): LeaseEntry | undefined {
    const lease = this.#leases.get(id)
    return lease?.isEnding ? undefined : lease
  }

  has(id: bigint): boolean {
    return this.#leases.has(id)
  }

  ids(): bigint[] {
    return [...this.#leases].filter(([, lease]) => !lease.isEnding).map(([id]) => id)
  }

  entries(): IterableIterator<[bigint, LeaseEntry]> {
    return this.#leases.entries()
  }

  /** Granting twice is no error here: a replayed log may say again what the snapshot has said. */
  grant(id: bigint, ttlSeconds: number): void {
    const known = this.#leases.get(id)
    if (known) known.ttlSeconds = ttlSeconds
    else this.#leases.set(id, { ttlSeconds, keys: new Set(), isEnding: false })
  }

  revoke(id: bigint): void {
    this.#leases.delete(id)
  }

  /** A key hangs on at most one lease: the one it was last put with. */
  move(key: string, { from, to }: { from: bigint; to: bigint }): void {
    if (from === to) return
    this.#leases.get(from)?.keys.delete(key)
    this.#leases.get(to)?.keys.add(key)
  }
}
