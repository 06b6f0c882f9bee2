// A real etcd (or the door of another store) behind the store's interface: what an API server uses that runs alone,
// or a cluster whose memory is three members with Raft between them. Upstream: client/v3.
//
// What differs from our own store: `revision` is the newest that this process has heard of, and `compactRevision` the
// newest compaction it has heard of.

import type { ServiceError } from '@grpc/grpc-js'
import type { Clock } from '../../../base/clock.ts'
import { ALARMS } from '../etcd-door/messages.ts'
import { kvFromWire } from '../etcd-door/wire.ts'
import { CompactedError, InvalidRequestError, LeaseNotFoundError, StoreClosedError } from '../store-error.ts'
import type {
  Alarm,
  KeysHash,
  Lease,
  LeaseState,
  RangeRequest,
  RangeResponse,
  Store,
  StoreStatus,
  TxnRequest,
  TxnResponse,
  Watch,
  WatchHandler,
  WatchRequest,
} from '../store-interface.ts'
import { checkKey } from '../txn-check.ts'
import { EtcdConnection, type EtcdConnectionOptions, type Method } from './connection.ts'
import { storeErrorOf } from './etcd-error.ts'
import { EtcdWatch } from './etcd-watch.ts'
import {
  ALARM,
  COMPACT,
  DEFRAGMENT,
  GRANT,
  HASH_KV,
  KEEP_ALIVE,
  LEASES,
  RANGE,
  REVOKE,
  SNAPSHOT,
  STATUS,
  TIME_TO_LIVE,
  TXN,
} from './methods.ts'
import { hasOrderedProgress } from './progress-check.ts'
import { rangeToWire, responseFromWire, txnToWire } from './requests.ts'

export interface EtcdStoreOptions extends EtcdConnectionOptions {
  clock: Clock
}

/** Rejects when no member answers. */
export async function connectToEtcd(options: EtcdStoreOptions): Promise<Store> {
  const store = new EtcdStore(options)
  try {
    await store.refreshStatus()
    return store
  } catch (error) {
    await store.close()
    throw error
  }
}

class EtcdStore implements Store {
  readonly #connection: EtcdConnection
  readonly #clock: Clock
  readonly #watches = new Set<EtcdWatch>()
  #revision = 0
  #compactRevision = 0
  #size = { dbSizeBytes: 0, dbSizeInUseBytes: 0 }
  #alarms: Alarm[] = []
  #failure: Error | undefined
  #isClosed = false
  /** The question for the newest revision that is under way, and the one that comes after it. */
  #asking: Promise<unknown> = Promise.resolve()
  #nextAsked: Promise<number> | undefined
  #progressIsOrdered = false

  constructor(options: EtcdStoreOptions) {
    this.#connection = new EtcdConnection(options)
    this.#clock = options.clock
  }

  get revision(): number {
    return this.#revision
  }

  get compactRevision(): number {
    return this.#compactRevision
  }

  /** Whoever asks while a question is under way shares the next one: the answer to this one may be from before. */
  newestRevision(): Promise<number> {
    this.#nextAsked ??= this.#asking.then(() => {
      this.#nextAsked = undefined
      const asked = this.range({ key: '\0', keysOnly: true }).then(({ revision }) => revision)
      this.#asking = asked.catch(() => {})
      return asked
    })
    return this.#nextAsked
  }

  async range(request: RangeRequest): Promise<RangeResponse> {
    const answer = await this.#ask(RANGE, rangeToWire(request), { isRead: true })
    return { kvs: answer.kvs.map(kvFromWire), count: answer.count, more: answer.more, revision: this.#seen(answer) }
  }

  async txn(request: TxnRequest): Promise<TxnResponse> {
    const answer = await this.#ask(TXN, txnToWire(request))
    const responses = answer.responses.map(responseFromWire)
    return { succeeded: answer.succeeded, responses, revision: this.#seen(answer) }
  }

  watch(request: WatchRequest, handler: WatchHandler): Watch {
    if (this.#isClosed) throw new StoreClosedError()
    checkKey(request.key)
    const watch: EtcdWatch = new EtcdWatch(request, handler, {
      connection: this.#connection,
      clock: this.#clock,
      sawRevision: (revision) => this.#see(revision),
      progressIsOrdered: () => this.#progressIsOrdered,
      onClosed: () => this.#watches.delete(watch),
    })
    if (!request.signal?.aborted) this.#watches.add(watch)
    return watch
  }

  async compact(revision: number): Promise<void> {
    await this.#ask(COMPACT, { revision })
    this.#compactRevision = Math.max(this.#compactRevision, revision)
  }

  async grantLease(ttlSeconds: number, id = 0n): Promise<Lease> {
    const { ID, TTL } = await this.#ask(GRANT, { TTL: ttlSeconds, ID: id })
    return { id: ID, ttlSeconds: TTL }
  }

  async revokeLease(id: bigint): Promise<void> {
    this.#seen(await this.#ask(REVOKE, { ID: id }))
  }

  async keepAliveLease(id: bigint): Promise<Lease> {
    const stream = this.#connection.stream(KEEP_ALIVE)
    try {
      const ttlSeconds = await new Promise<number>((resolve, reject) => {
        stream.once('data', ({ TTL }) => resolve(TTL))
        stream.once('error', (error: ServiceError) => reject(storeErrorOf(error)))
        stream.write({ ID: id })
      })
      if (ttlSeconds <= 0) throw new LeaseNotFoundError()
      return { id, ttlSeconds }
    } finally {
      stream.on('error', () => {}) // its cancellation
      stream.cancel()
    }
  }

  async timeToLive(id: bigint): Promise<LeaseState> {
    const { TTL, grantedTTL, keys } = await this.#ask(TIME_TO_LIVE, { ID: id, keys: true }, { isRead: true })
    if (TTL < 0) throw new LeaseNotFoundError()
    return {
      id,
      ttlSeconds: grantedTTL,
      remainingSeconds: TTL,
      keys: keys.map((key) => key.toString('latin1')).sort(),
    }
  }

  async leases(): Promise<bigint[]> {
    return (await this.#ask(LEASES, {}, { isRead: true })).leases.map(({ ID }) => ID)
  }

  /** As of the last time that it was asked for, which also asks anew. */
  status(): StoreStatus {
    void this.refreshStatus().catch(() => {})
    return {
      ...this.#size,
      keys: 0,
      watchers: this.#watches.size,
      alarms: this.#alarms,
      ...(this.#failure && { failure: this.#failure }),
    }
  }

  async refreshStatus(): Promise<void> {
    const answer = await this.#ask(STATUS, {}, { isRead: true })
    this.#size = { dbSizeBytes: answer.dbSize, dbSizeInUseBytes: answer.dbSizeInUse }
    this.#seen(answer)
    this.#progressIsOrdered = hasOrderedProgress(answer.version)
    const { alarms } = await this.#ask(ALARM, {}, { isRead: true })
    this.#alarms = [...new Set(alarms.map(({ alarm }) => ALARMS[alarm] as Alarm))]
  }

  async defragment(): Promise<void> {
    await this.#ask(DEFRAGMENT, {})
  }

  async *snapshot(): AsyncGenerator<Buffer> {
    for await (const { blob } of this.#connection.download(SNAPSHOT, {})) yield blob
  }

  async hashKeys(revision = 0): Promise<KeysHash> {
    const answer = await this.#ask(HASH_KV, { revision }, { isRead: true })
    // Members before 3.5.15 do not say of which revision it is; without being told they take the newest.
    const of = answer.hash_revision || revision || (answer.header?.revision ?? 0)
    return { hash: answer.hash, revision: of, compactRevision: answer.compact_revision }
  }

  /** An alarm is of one member, whose id has 64 bits, and a number has 53. */
  async setAlarm(): Promise<void> {
    throw new InvalidRequestError('alarms of a real etcd are raised and taken back by its own members, or with etcdctl')
  }

  async close(): Promise<void> {
    if (this.#isClosed) return
    this.#isClosed = true
    for (const watch of [...this.#watches]) watch.end(new StoreClosedError())
    this.#connection[Symbol.dispose]()
  }

  async #ask<Q, A>(method: Method<Q, A>, content: Partial<Q>, { isRead } = { isRead: false }): Promise<A> {
    if (this.#isClosed) throw new StoreClosedError()
    try {
      const answer = await this.#connection.ask(method, content, { isRead })
      this.#failure = undefined
      return answer
    } catch (error) {
      if (this.#isClosed) throw new StoreClosedError()
      if (error instanceof CompactedError) throw new CompactedError(this.#compactRevision)
      if (error instanceof Error && error.name === 'StoreUnavailableError') this.#failure = error
      throw error
    }
  }

  #seen({ header }: { header?: { revision: number } | undefined }): number {
    const revision = header?.revision ?? 0
    this.#see(revision)
    return revision
  }

  #see(revision: number): void {
    this.#revision = Math.max(this.#revision, revision)
  }
}
