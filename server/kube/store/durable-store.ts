// The store itself: memory that decides (mvcc), a log that makes it last (log, group commit), watchers who are told,
// leases that end. Its one rule: nobody is shown a revision that is not durable.
//
//     txn ─► decide at head ─► log ── fdatasync ──► revision = this one ─► watchers ─► the caller
//                 │                                     ▲
//             (memory runs ahead)              range and watch end here
//
// Upstream: mvcc/watchable_store.go over kvstore.go, with the write-ahead log's promise built in.

import type { Clock } from '../../base/clock.ts'
import type { Change } from './change-history.ts'
import type { Disk } from './disk.ts'
import { encodeEtcdSnapshot, hashOfKeys } from './etcd-database/etcd-database.ts'
import { GroupCommit } from './group-commit.ts'
import type { LeaseEntry } from './lease-table.ts'
import { Lessor } from './lessor.ts'
import { Log } from './log.ts'
import { encodeChange, encodeGrant, encodeNumbers, encodeRevoke } from './log-record.ts'
import { Mvcc } from './mvcc.ts'
import type { SnapshotContent } from './snapshot.ts'
import { Counters } from './store-counters.ts'
import {
  CompactedError,
  FutureRevisionError,
  LeaseExistsError,
  LeaseNotFoundError,
  LeaseTtlError,
  NoSpaceError,
  StoreClosedError,
  tooLarge,
} from './store-error.ts'
import type {
  Alarm,
  KeysHash,
  Lease,
  LeaseState,
  Operation,
  RangeRequest,
  RangeResponse,
  Store,
  StoreStatus,
  TxnRequest,
  TxnResponse,
  Watch,
  WatchHandler,
  WatchRequest,
} from './store-interface.ts'
import { checkKey, checkTxn } from './txn-check.ts'
import { WatcherHub } from './watcher-hub.ts'

/** One and a half times as long as etcd's members wait for a leader, in whole seconds. */
const LEAST_TTL_SECONDS = 2

export interface DurableStoreOptions {
  directory: string
  clock: Clock
  disk: Disk
  random: () => number
  maxRequestBytes: number
  maxTxnOperations: number
  /** With more than this on the disk nothing is put until it is less and the alarm is taken back. */
  quotaBytes: number
  segmentBytes?: number
  growBytes?: number
  /** Compacted history is given back to the disk when it is more than this and more than what lives. */
  reclaimBytes: number
}

export class DurableStore implements Store {
  readonly mostBytes: number
  readonly #options: DurableStoreOptions
  readonly #lock: Disposable
  readonly #mvcc = new Mvcc()
  readonly #lessor: Lessor
  readonly #watchers: WatcherHub
  readonly #counters = new Counters()
  readonly #alarms = new Set<Alarm>()
  /** The last write found no space. The next one tries again. */
  #diskIsFull = false
  #log!: Log
  #commit!: GroupCommit
  #revision = 0
  #closing: Promise<void> | undefined
  /** One compaction or reclaiming after the other. */
  #maintenance: Promise<unknown> = Promise.resolve()

  private constructor(options: DurableStoreOptions, lock: Disposable) {
    this.#options = options
    this.mostBytes = options.maxRequestBytes
    this.#lock = lock
    this.#lessor = new Lessor(options.clock, (id) => {
      this.#counters.leasesExpired++
      // If it cannot be written down now, it is tried again when its time is up once more.
      void this.revokeLease(id).catch(() => {})
    })
    this.#watchers = new WatcherHub({
      changes: this.#mvcc.changes,
      revision: () => this.#revision,
      compactRevision: () => this.#mvcc.compactRevision,
      at: (key, revision) => this.#mvcc.index.at(key, revision),
    })
  }

  static async open(options: DurableStoreOptions): Promise<DurableStore> {
    await options.disk.makeDirectory(options.directory)
    const lock = await options.disk.lock(options.directory)
    try {
      const store = new DurableStore(options, lock)
      await store.#load()
      return store
    } catch (error) {
      lock[Symbol.dispose]()
      throw error
    }
  }

  async #load(): Promise<void> {
    let compactRevision = 0
    this.#log = await Log.open(this.#options, {
      snapshot: (content) => {
        for (const lease of content.leases) this.#mvcc.leases.grant(lease.id, lease.ttlSeconds)
        this.#mvcc.load(content.states, content.revision)
        for (const change of content.changes) this.#mvcc.replay(change)
      },
      record: (record) => {
        if (record.type === 'compact') compactRevision = Math.max(compactRevision, record.revision)
        else this.#mvcc.replayRecord(record)
      },
      revision: () => (this.#commit ? this.#revision : this.#mvcc.head),
    })
    this.#commit = new GroupCommit(
      (payloads) => this.#append(payloads),
      () => this.#takeBack(),
    )
    this.#revision = this.#mvcc.head
    if (compactRevision > this.#mvcc.compactRevision) await this.#mvcc.compact(compactRevision)
    for (const [id, lease] of this.#mvcc.leases.entries()) this.#lessor.renew(id, lease.ttlSeconds)
  }

  async #append(payloads: Buffer[]): Promise<void> {
    const started = performance.now()
    await this.#log.append(payloads)
    const bytes = payloads.reduce((sum, { length }) => sum + length, 0)
    this.#counters.countSync((performance.now() - started) / 1000, bytes)
    this.#diskIsFull = false
  }

  /** Nobody was shown a revision that is not durable, so those that cannot become durable can be forgotten. */
  #takeBack(): void {
    this.#diskIsFull = true
    this.#mvcc.undoAfter(this.#revision)
  }

  get revision(): number {
    return this.#revision
  }

  newestRevision(): number {
    return this.#revision
  }

  get compactRevision(): number {
    return this.#mvcc.compactRevision
  }

  async range(request: RangeRequest): Promise<RangeResponse> {
    if (this.#closing) throw new StoreClosedError()
    checkKey(request.key)
    this.#counters.ranges++
    const revision = request.revision || this.#revision
    this.#mvcc.checkRevision(revision, this.#revision)
    return { ...this.#mvcc.range(request, revision), revision: this.#revision }
  }

  // Async, so that whatever is thrown on the way rejects; but nothing is awaited before the transaction is decided.
  async txn(request: TxnRequest): Promise<TxnResponse> {
    if (this.#commit.refusal) throw this.#commit.refusal
    checkTxn(request, this.#options.maxTxnOperations)
    if (bytesWritten(request) > this.#options.maxRequestBytes) {
      throw tooLarge()
    }
    if (putsAnything(request)) this.#checkSpace()
    this.#counters.countTxn(request)
    const { change, ...decided } = this.#mvcc.apply(request)
    const response: TxnResponse = { ...decided, revision: this.#mvcc.head }
    if (change) await this.#write(encodeChange(change), change)
    // What it has read may be newer than what is durable; then it waits for that.
    else if (this.#mvcc.head > this.#revision) await this.#write()
    return response
  }

  watch(request: WatchRequest, handler: WatchHandler): Watch {
    if (this.#closing) throw new StoreClosedError()
    checkKey(request.key)
    return this.#watchers.add(request, handler)
  }

  compact(revision: number): Promise<void> {
    return this.#inTurn(async () => {
      if (revision <= this.#mvcc.compactRevision) throw new CompactedError(this.#mvcc.compactRevision)
      if (revision > this.#revision) throw new FutureRevisionError()
      await this.#write(encodeNumbers('compact', revision))
      await this.#mvcc.compact(revision)
      const { liveBytes } = this.#mvcc
      if (this.#log.bytes - liveBytes > Math.max(this.#options.reclaimBytes, liveBytes)) {
        // Nobody has to wait for that; if it fails, the next compaction tries again.
        void this.defragment().catch(() => {})
      }
    })
  }

  defragment(): Promise<void> {
    return this.#inTurn(async () => {
      if (this.#mvcc.compactRevision === 0) return
      // Everything up to here lies in full segments then, and all of these can go.
      if (!this.#log.activeIsEmpty) await this.#commit.exclusive(() => this.#log.rotate())
      await this.#log.reclaim(await this.#contentUpTo(this.#revision))
    })
  }

  async *snapshot(): AsyncGenerator<Buffer> {
    if (this.#closing) throw new StoreClosedError()
    // The states are collected at once, so a slow reader holds up nobody and sees one revision.
    const content = await this.#inTurn(() => this.#contentUpTo(this.#revision))
    for (const page of encodeEtcdSnapshot(content)) yield page
  }

  async hashKeys(revision = 0): Promise<KeysHash> {
    if (this.#closing) throw new StoreClosedError()
    const asked = revision || this.#revision
    this.#mvcc.checkRevision(asked, this.#revision)
    const content = await this.#inTurn(() => this.#contentUpTo(asked))
    return { hash: hashOfKeys(content), revision: asked, compactRevision: content.revision }
  }

  async setAlarm(alarm: Alarm, raised: boolean): Promise<void> {
    if (raised) this.#alarms.add(alarm)
    else this.#alarms.delete(alarm)
    if (alarm === 'NOSPACE' && !raised) this.#diskIsFull = false
  }

  #checkSpace(): void {
    // The disk may have space again; whether the quota was enough is decided by whoever takes the alarm back.
    if (this.#log.bytes > this.#options.quotaBytes) this.#alarms.add('NOSPACE')
    if (this.#alarms.has('NOSPACE')) throw new NoSpaceError()
  }

  async grantLease(ttlSeconds: number, id = this.#newLeaseId()): Promise<Lease> {
    if (this.#commit.refusal) throw this.#commit.refusal
    this.#checkSpace()
    if (!(ttlSeconds <= 9_000_000_000)) throw new LeaseTtlError()
    if (this.#mvcc.leases.has(id)) throw new LeaseExistsError()
    const lease = { id, ttlSeconds: Math.max(LEAST_TTL_SECONDS, Math.floor(ttlSeconds)) }
    this.#mvcc.leases.grant(id, lease.ttlSeconds)
    this.#lessor.renew(id, lease.ttlSeconds)
    try {
      await this.#write(encodeGrant(id, lease.ttlSeconds))
    } catch (error) {
      this.#mvcc.leases.revoke(id)
      this.#lessor.forget(id)
      throw error
    }
    this.#counters.leasesGranted++
    return lease
  }

  async revokeLease(id: bigint): Promise<void> {
    if (this.#commit.refusal) throw this.#commit.refusal
    const lease = this.#lease(id)
    // In the order of keys, so that the same history gives the same events again.
    const success = [...lease.keys].sort().map((key): Operation => ({ type: 'delete', key }))
    const { change } = this.#mvcc.apply({ compare: [], success, failure: [] })
    lease.isEnding = true
    this.#lessor.forget(id)
    const revoke = encodeRevoke(id)
    try {
      await this.#write(change ? Buffer.concat([encodeChange(change), revoke]) : revoke, change)
    } catch (error) {
      lease.isEnding = false
      this.#lessor.renew(id, lease.ttlSeconds)
      throw error
    }
    this.#mvcc.leases.revoke(id)
    this.#counters.leasesRevoked++
  }

  async keepAliveLease(id: bigint): Promise<Lease> {
    const { ttlSeconds } = this.#lease(id)
    this.#lessor.renew(id, ttlSeconds)
    this.#counters.leasesRenewed++
    return { id, ttlSeconds }
  }

  async timeToLive(id: bigint): Promise<LeaseState> {
    const { ttlSeconds, keys } = this.#lease(id)
    return { id, ttlSeconds, remainingSeconds: this.#lessor.remainingSeconds(id), keys: [...keys].sort() }
  }

  async leases(): Promise<bigint[]> {
    return this.#mvcc.leases.ids().sort((a, b) => this.#lessor.deadline(a) - this.#lessor.deadline(b))
  }

  status(): StoreStatus {
    return {
      dbSizeBytes: this.#log.bytes,
      dbSizeInUseBytes: Math.min(this.#log.bytes, this.#mvcc.liveBytes),
      keys: this.#mvcc.index.size,
      watchers: this.#watchers.size,
      alarms: [...new Set([...this.#alarms, ...(this.#diskIsFull ? (['NOSPACE'] as const) : [])])],
      counters: this.#counters.read(),
      ...(this.#commit.failure && { failure: this.#commit.failure }),
    }
  }

  close(): Promise<void> {
    this.#closing ??= this.#close()
    return this.#closing
  }

  async #close(): Promise<void> {
    this.#lessor[Symbol.dispose]()
    await this.#commit.close()
    await this.#maintenance
    this.#watchers.endAll(new StoreClosedError())
    await this.#log.close()
    this.#lock[Symbol.dispose]()
  }

  /** Resolves when these bytes, and all that were written before, are durable and the watchers know. */
  #write(bytes?: Buffer, change?: Change): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#commit.enqueue(bytes, (error) => {
        if (error) return reject(error)
        if (change) {
          this.#revision = change.revision
          this.#watchers.publish(change)
        }
        resolve()
      })
    })
  }

  #inTurn<T>(run: () => Promise<T>): Promise<T> {
    const result = this.#maintenance.then(() => {
      if (this.#closing) throw new StoreClosedError()
      return run()
    })
    this.#maintenance = result.catch(() => {})
    return result
  }

  /** What was compacted as one state, and what followed, up to `revision`, change by change. */
  async #contentUpTo(revision: number): Promise<SnapshotContent> {
    const { compactRevision, changes, leases } = this.#mvcc
    // All that others can change is taken now; the rest is the past.
    const now = {
      revision: compactRevision,
      leases: [...leases.entries()].map(([id, { ttlSeconds }]) => ({ id, ttlSeconds })),
      changes: changes.between(compactRevision, revision),
    }
    return { ...now, states: await this.#mvcc.dump(compactRevision) }
  }

  #lease(id: bigint): LeaseEntry {
    const lease = this.#mvcc.leases.get(id)
    if (!lease) throw new LeaseNotFoundError()
    return lease
  }

  #newLeaseId(): bigint {
    for (;;) {
      const [high, low] = [2 ** 31, 2 ** 32].map((below) => BigInt(Math.floor(this.#options.random() * below)))
      const id = (high! << 32n) | low!
      if (id !== 0n && !this.#mvcc.leases.has(id)) return id
    }
  }
}

function putsAnything({ success, failure }: TxnRequest): boolean {
  return [...success, ...failure].some((operation) =>
    operation.type === 'txn' ? putsAnything(operation) : operation.type === 'put',
  )
}

function bytesWritten(request: TxnRequest): number {
  let bytes = 0
  for (const operation of [...request.success, ...request.failure]) {
    if (operation.type === 'put') bytes += operation.key.length + operation.value.length
    else if (operation.type === 'txn') bytes += bytesWritten(operation)
  }
  return bytes
}
