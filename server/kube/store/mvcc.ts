// Many versions, one line of revisions: all of the store that is memory. It knows no disk and no watcher, and every
// method is a plain function call, so transactions cannot interleave.
//
// It runs ahead of the disk: `head` is the newest revision made, while what callers may see ends at the newest
// durable one, which the durable store keeps. Comparing against `head` is what lets many transactions share one
// fdatasync without ever deciding on stale state. Upstream: mvcc/kvstore.go, kvstore_txn.go.

import { setImmediate as turn } from 'node:timers/promises'
import { type Change, ChangeHistory } from './change-history.ts'
import { holds } from './compare.ts'
import { isTombstone, tombstone } from './key-history.ts'
import { KeyIndex } from './key-index.ts'
import { LeaseTable } from './lease-table.ts'
import type { LogRecord } from './log-record.ts'
import { CompactedError, FutureRevisionError, InvalidRequestError, LeaseNotFoundError } from './store-error.ts'
import type {
  DeleteOperation,
  KeyValue,
  NestedTxnOperation,
  Operation,
  OperationResponse,
  PutOperation,
  RangeRequest,
  TxnRequest,
} from './store-interface.ts'

/** The revision of a store into which nothing was ever written. */
const FIRST_REVISION = 1

const NO_VALUE = Buffer.alloc(0)
/** Keys or revisions looked at in one turn: less than a millisecond, which is what a writer then waits. */
const SLICE = 1000
const EVERYTHING = { key: '\0', rangeEnd: '\0' }

export interface Applied {
  succeeded: boolean
  responses: OperationResponse[]
  /** Absent when nothing was changed. */
  change?: Change
}

export class Mvcc {
  readonly index = new KeyIndex()
  readonly changes = new ChangeHistory()
  readonly leases = new LeaseTable()
  head = FIRST_REVISION
  compactRevision = 0
  /** Of the newest states, as the log has them; roughly. */
  liveBytes = 0

  range(request: RangeRequest, revision: number): { kvs: KeyValue[]; count: number; more: boolean } {
    const limit = request.limit || Number.POSITIVE_INFINITY
    const kvs: KeyValue[] = []
    let count = 0
    this.index.visit(request, revision, (state) => {
      if (++count <= limit && !request.countOnly) kvs.push(request.keysOnly ? { ...state, value: NO_VALUE } : state)
    })
    return { kvs, count, more: !request.countOnly && count > kvs.length }
  }

  checkRevision(revision: number, newest: number): void {
    if (revision > newest) throw new FutureRevisionError()
    if (revision < this.compactRevision) throw new CompactedError(this.compactRevision)
  }

  /** Decides and changes, or throws and changes nothing. The request has passed `checkTxn`. */
  apply(request: TxnRequest): Applied {
    const path = this.#choose(request)
    this.#checkAgainstState(path)
    const states: KeyValue[] = []
    const responses = path.operations.map((operation) => this.#run(operation, states))
    if (states.length === 0) return { succeeded: path.succeeded, responses }
    const change = { revision: this.head + 1, states }
    this.changes.add(change)
    this.head = change.revision
    return { succeeded: path.succeeded, responses, change }
  }

  /** What the log says, in its order. Compactions are for whoever reads all of it. */
  replayRecord(record: LogRecord): void {
    if (record.type === 'change') this.replay(record.change)
    else if (record.type === 'grant') this.leases.grant(record.id, record.ttlSeconds)
    else if (record.type === 'revoke') this.leases.revoke(record.id)
  }

  /** A change that was decided before: read back from the log. */
  replay(change: Change): void {
    for (const state of change.states) {
      const before = this.index.newest(state.key)
      this.leases.move(state.key, { from: before?.lease ?? 0n, to: state.lease })
      this.#count(state, before)
      this.index.add(state)
    }
    this.changes.add(change)
    this.head = change.revision
  }

  /** Takes back what was decided after this revision: it could not be written down, and nobody has seen it. */
  undoAfter(revision: number): void {
    while (this.head > revision) {
      for (const state of this.changes.undo()?.states.reverse() ?? []) {
        this.index.undo(state.key)
        const before = this.index.newest(state.key)
        this.leases.move(state.key, { from: state.lease, to: before?.lease ?? 0n })
        this.liveBytes -= bytesOf(state) - bytesOf(before)
      }
      this.head--
    }
  }

  /** Everything as it was at the compacted revision of a snapshot. */
  load(states: KeyValue[], revision: number): void {
    const ofThisRevision = states.filter((state) => state.modRevision === revision)
    for (const state of states) {
      if (isTombstone(state)) continue
      this.leases.move(state.key, { from: 0n, to: state.lease })
      this.#count(state, undefined)
      this.index.add(state)
    }
    if (ofThisRevision.length > 0) this.changes.add({ revision, states: ofThisRevision })
    this.head = revision
    this.compactRevision = revision
  }

  /**
   * What a snapshot at this revision holds: the counterpart of `load`. In slices, between which others write: that
   * changes nothing about a revision of the past. It must not be compacted away meanwhile.
   */
  async dump(revision: number): Promise<KeyValue[]> {
    const ofThisRevision = this.changes.at(revision)?.states ?? []
    const states: KeyValue[] = []
    let next: string | undefined = EVERYTHING.key
    while (next !== undefined) {
      let left = SLICE
      const from: string = next
      next = undefined
      this.index.visitKeys(from, (key, history) => {
        if (left-- === 0) {
          next = key
          return false
        }
        const state = history.at(revision)
        if (state && state.modRevision !== revision) states.push(state)
        return true
      })
      if (next !== undefined) await turn()
    }
    return states.concat(ofThisRevision)
  }

  /** Forgotten at once for everybody who asks; the memory of it is given back in slices. */
  async compact(revision: number): Promise<void> {
    this.compactRevision = revision
    for (;;) {
      const { touched, isDone } = this.changes.compact(revision, SLICE)
      for (const key of touched) this.index.compact(key, revision)
      if (isDone) return
      await turn()
    }
  }

  /** All conditions, nested ones too, look at the state before the transaction. */
  #choose(request: TxnRequest): { succeeded: boolean; operations: (Operation & { chosen?: Chosen })[] } {
    const succeeded = request.compare.every((compare) => holds(compare, this.index, this.head))
    const operations = (succeeded ? request.success : request.failure).map((operation) =>
      operation.type === 'txn' ? { ...operation, chosen: this.#choose(operation) } : operation,
    )
    return { succeeded, operations }
  }

  #checkAgainstState(path: Chosen): void {
    for (const operation of path.operations) {
      if (operation.type === 'txn') this.#checkAgainstState((operation as ChosenTxn).chosen)
      else if (operation.type === 'range') {
        if (operation.revision) this.checkRevision(operation.revision, this.head)
      } else if (operation.type === 'put') {
        if (operation.lease && !this.leases.get(operation.lease)) throw new LeaseNotFoundError()
        if ((operation.ignoreValue || operation.ignoreLease) && !this.index.newest(operation.key)) {
          throw new InvalidRequestError('etcdserver: key not found')
        }
      }
    }
  }

  #run(operation: Operation, states: KeyValue[]): OperationResponse {
    switch (operation.type) {
      case 'put':
        return this.#put(operation, states)
      case 'delete':
        return this.#delete(operation, states)
      case 'range':
        // A read after a write of the same transaction sees it.
        return { type: 'range', ...this.range(operation, operation.revision || this.head + 1) }
      case 'txn': {
        const { succeeded, operations } = (operation as ChosenTxn).chosen
        return { type: 'txn', succeeded, responses: operations.map((inner) => this.#run(inner, states)) }
      }
    }
  }

  #put(put: PutOperation, states: KeyValue[]): OperationResponse {
    const revision = this.head + 1
    const before = this.index.newest(put.key)
    const state: KeyValue = {
      key: put.key,
      value: put.ignoreValue && before ? before.value : put.value,
      createRevision: before?.createRevision ?? revision,
      modRevision: revision,
      version: (before?.version ?? 0) + 1,
      lease: put.ignoreLease && before ? before.lease : (put.lease ?? 0n),
    }
    this.#add(state, before, states)
    return { type: 'put', ...(put.prevKv && before && { prevKv: before }) }
  }

  #delete(range: DeleteOperation, states: KeyValue[]): OperationResponse {
    const revision = this.head + 1
    const doomed: KeyValue[] = []
    this.index.visit(range, revision, (state) => doomed.push(state))
    for (const before of doomed) this.#add(tombstone(before.key, revision), before, states)
    return { type: 'delete', deleted: doomed.length, prevKvs: range.prevKv ? doomed : [] }
  }

  #add(state: KeyValue, before: KeyValue | undefined, states: KeyValue[]): void {
    this.leases.move(state.key, { from: before?.lease ?? 0n, to: state.lease })
    this.#count(state, before)
    this.index.add(state)
    states.push(state)
  }

  #count(state: KeyValue, before: KeyValue | undefined): void {
    this.liveBytes += bytesOf(state) - bytesOf(before)
  }
}

/** A tombstone takes no room in what lives. */
function bytesOf(state: KeyValue | undefined): number {
  return !state || isTombstone(state) ? 0 : state.key.length + state.value.length + 40
}

interface Chosen {
  succeeded: boolean
  operations: (Operation & { chosen?: Chosen })[]
}
type ChosenTxn = NestedTxnOperation & { chosen: Chosen }
