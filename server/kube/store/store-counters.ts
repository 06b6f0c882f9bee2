// What a store counts of its own doing, for whoever asks with `curl …/metrics`.

import type { Histogram, StoreCounters, TxnRequest } from './store-interface.ts'

/** etcd's own: from one millisecond to eight seconds, each twice the one before. */
const SYNC_BUCKETS = Array.from({ length: 14 }, (_, power) => 0.001 * 2 ** power)

export class Counters {
  ranges = 0
  puts = 0
  deletes = 0
  txns = 0
  leasesGranted = 0
  leasesRevoked = 0
  leasesRenewed = 0
  leasesExpired = 0
  writtenBytes = 0
  readonly #syncs = SYNC_BUCKETS.map(() => 0)
  #syncCount = 0
  #syncSum = 0

  /** A transaction of one operation without conditions is what a put or a delete is; as etcd, only the others are called so. */
  countTxn({ compare, success, failure }: TxnRequest): void {
    const only = compare.length === 0 && failure.length === 0 && success.length === 1 ? success[0]?.type : undefined
    if (only === 'put') this.puts++
    else if (only === 'delete') this.deletes++
    else this.txns++
  }

  countSync(seconds: number, bytes: number): void {
    this.#syncCount++
    this.#syncSum += seconds
    this.writtenBytes += bytes
    const bucket = SYNC_BUCKETS.findIndex((le) => seconds <= le)
    if (bucket >= 0) this.#syncs[bucket] = (this.#syncs[bucket] as number) + 1
  }

  read(): StoreCounters {
    const { ranges, puts, deletes, txns, writtenBytes } = this
    const { leasesGranted, leasesRevoked, leasesRenewed, leasesExpired } = this
    const leases = { leasesGranted, leasesRevoked, leasesRenewed, leasesExpired }
    return { ranges, puts, deletes, txns, writtenBytes, ...leases, syncSeconds: this.#syncSeconds() }
  }

  #syncSeconds(): Histogram {
    let count = 0
    const buckets = SYNC_BUCKETS.map((le, index) => {
      count += this.#syncs[index] as number
      return { le, count }
    })
    return { buckets, count: this.#syncCount, sum: this.#syncSum }
  }
}
