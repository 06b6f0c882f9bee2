// What a store promises, whoever keeps it: our own log or a real etcd. The words and the rules are those of etcd's
// v3 API (api/etcdserverpb/rpc.proto, server/storage/mvcc/kv.go), because Kubernetes was written against them.
//
// Every write that changes something makes exactly one new revision, in one line for the whole store: an empty store
// is at revision 1, the first write makes 2. Nothing is changed in place; a key has a history until it is compacted.

/**
 * Keys are "binary strings": one character per byte (latin1), so that the order of strings is the order of bytes.
 * Values must not be changed by whoever hands them in or gets them out.
 */
export interface KeyValue {
  key: string
  value: Buffer
  /** The revision that made the key; deleting it and putting it again starts anew. */
  createRevision: number
  /** The revision of the last change. */
  modRevision: number
  /** How often it was put since it was made: 1, 2, … */
  version: number
  /** 0 = attached to no lease. Any of 64 bits, because clients choose it. */
  lease: bigint
}

export interface RangeRequest {
  key: string
  /** Exclusive. Absent: just `key`. `'\0'`: everything from `key` on, as in etcd. */
  rangeEnd?: string
  /** Absent or 0: the newest revision that is durable. */
  revision?: number
  /** Absent or 0: no limit. */
  limit?: number
  countOnly?: boolean
  keysOnly?: boolean
}

export interface RangeResponse {
  kvs: KeyValue[]
  /** How many keys the range holds, whatever the limit. */
  count: number
  more: boolean
  /** The store's revision when this was answered, not the revision that was asked for. */
  revision: number
}

/** With `rangeEnd`, every key of the range must satisfy it; no key at all does. An absent key compares as all zeros. */
export interface Compare {
  key: string
  rangeEnd?: string
  target: 'mod' | 'create' | 'version' | 'value' | 'lease'
  result: '=' | '!=' | '<' | '>'
  value: number | bigint | Buffer
}

export interface PutOperation {
  type: 'put'
  key: string
  value: Buffer
  lease?: bigint
  prevKv?: boolean
  /** Keep the value (or the lease) that the key has; the key must exist. */
  ignoreValue?: boolean
  ignoreLease?: boolean
}

export interface DeleteOperation {
  type: 'delete'
  key: string
  rangeEnd?: string
  prevKv?: boolean
}

type RangeOperation = { type: 'range' } & RangeRequest
export type NestedTxnOperation = { type: 'txn' } & TxnRequest
export type Operation = PutOperation | DeleteOperation | RangeOperation | NestedTxnOperation

export interface TxnRequest {
  compare: Compare[]
  success: Operation[]
  failure: Operation[]
}

export type OperationResponse =
  | { type: 'put'; prevKv?: KeyValue }
  | { type: 'delete'; deleted: number; prevKvs: KeyValue[] }
  | { type: 'range'; kvs: KeyValue[]; count: number; more: boolean }
  | { type: 'txn'; succeeded: boolean; responses: OperationResponse[] }

export interface TxnResponse {
  succeeded: boolean
  /** The revision this transaction made; if it changed nothing, the revision it saw. */
  revision: number
  responses: OperationResponse[]
}

export interface StoreEvent {
  type: 'put' | 'delete'
  /** For a delete: the key and the revision of its deletion, all else empty. */
  kv: KeyValue
  /** What was there before, when asked for and not compacted. */
  prevKv?: KeyValue
}

export interface WatchRequest {
  key: string
  rangeEnd?: string
  /** Absent or 0: whatever comes after now. May be in the future. */
  startRevision?: number
  prevKv?: boolean
  /** Aborting it is the same as disposing the watch. */
  signal?: AbortSignal
}

/** Never called before `watch()` has returned, and never again once the watch is disposed or has ended. */
export interface WatchHandler {
  /** All events of one revision together, in order, without gap or duplicate. */
  events(revision: number, events: StoreEvent[]): void
  /** The start revision is compacted (`CompactedError`), or the store is closed. */
  ended(error?: Error): void
  /** Every event up to this revision has been handed over. Called once the history is replayed, and when asked for. */
  progress?(revision: number): void
}

export interface Watch extends Disposable {
  /** Calls the handler's `progress` as soon as it is true. */
  requestProgress(): void
}

export interface Lease {
  id: bigint
  /** As granted. */
  ttlSeconds: number
}

export interface LeaseState extends Lease {
  remainingSeconds: number
  keys: string[]
}

/** NOSPACE: nothing can be put until there is space again. CORRUPT: somebody has found members that differ. */
export type Alarm = 'NOSPACE' | 'CORRUPT'

/** What has been done since the store was opened; for metrics. */
export interface StoreCounters {
  ranges: number
  puts: number
  deletes: number
  txns: number
  leasesGranted: number
  leasesRevoked: number
  leasesRenewed: number
  leasesExpired: number
  /** One for each group of writes that went to the disk together. */
  syncSeconds: Histogram
  writtenBytes: number
}

export interface Histogram {
  /** How many were at most so large, cumulated. */
  buckets: { le: number; count: number }[]
  count: number
  sum: number
}

export interface KeysHash {
  /** etcd's HashKV: the same for two stores exactly if they keep the same states of the same keys. */
  hash: number
  revision: number
  compactRevision: number
}

export interface StoreStatus {
  /** Bytes on disk. */
  dbSizeBytes: number
  /** The part of them that a defragmented store would still need, roughly. */
  dbSizeInUseBytes: number
  keys: number
  watchers: number
  alarms: Alarm[]
  /** Absent when the store is somebody else's. */
  counters?: StoreCounters
  /**
   * Set when the disk failed a write: nothing can be written any more, what was durable can still be read. With a real
   * etcd: set for as long as no member answers.
   */
  failure?: Error
}

export interface Store {
  /** That one write may have; not known of an etcd elsewhere. */
  readonly mostBytes?: number
  /** The newest durable revision. Nobody is ever shown anything newer. Of a real etcd: the newest that was heard of. */
  readonly revision: number
  /** No older than any that somebody has been answered with before this was asked, by whichever process. */
  newestRevision(): number | Promise<number>
  /** Revisions below this one are gone. 0 until the first compaction. */
  readonly compactRevision: number
  /** Rejects with `CompactedError` or `FutureRevisionError`. */
  range(request: RangeRequest): Promise<RangeResponse>
  /** Resolves only when what it wrote, and what it read, is durable. Transactions happen in the order of the calls. */
  txn(request: TxnRequest): Promise<TxnResponse>
  watch(request: WatchRequest, handler: WatchHandler): Watch
  /** Forgets what was superseded before `revision`. Rejects with `CompactedError` or `FutureRevisionError`. */
  compact(revision: number): Promise<void>

  /** Without an id the store chooses one. The lease outlives the process; its time starts anew when the store is opened. */
  grantLease(ttlSeconds: number, id?: bigint): Promise<Lease>
  /** Deletes the keys attached to it, all in one revision. Rejects with `LeaseNotFoundError`, as the next two. */
  revokeLease(id: bigint): Promise<void>
  keepAliveLease(id: bigint): Promise<Lease>
  timeToLive(id: bigint): Promise<LeaseState>
  /** Those that end first come first. */
  leases(): Promise<bigint[]>

  status(): StoreStatus
  /** Gives the space of compacted history back to the disk now, rather than when it is worth the while. */
  defragment(): Promise<void>
  /** The content at the newest durable revision as a database of etcd's: for `restoreStore`, and for `etcdutl`. */
  snapshot(): AsyncIterable<Buffer>
  /** Of all states that are kept up to `revision` (absent or 0: the newest). Rejects as `range` does. */
  hashKeys(revision?: number): Promise<KeysHash>
  setAlarm(alarm: Alarm, raised: boolean): Promise<void>
  /** Ends the watches, waits for the writes under way, lets go of the directory. */
  close(): Promise<void>
}
