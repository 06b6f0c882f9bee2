// The store's content as etcd keeps it in its database, bucket by bucket, and read back from there: what `etcdctl
// snapshot save` gets, what `etcdutl snapshot status` and `restore` understand, and what every backup is made of.
//
//     key     main revision u64 '_' sub u64 ['t' for a tombstone]  ─►  mvccpb.KeyValue       all u64 big-endian
//     lease   id i64  ─►  leasepb.Lease
//     meta    scheduledCompactRev, finishedCompactRev  ─►  revision;   consistent_index, term  ─►  u64
//
// A snapshot is the database, then the SHA-256 of it; a database is made of whole pages, so one can tell.
// Upstream: server/storage/schema, server/storage/mvcc/revision.go, api/mvccpb.

import { createHash } from 'node:crypto'
import { type DecodedOf, int, long, message } from '../../../base/protobuf.ts'
import { crc32c } from '../crc32c.ts'
import { WireKeyValue } from '../etcd-door/messages.ts'
import { kvFromWire, kvToWire } from '../etcd-door/wire.ts'
import { isTombstone, tombstone } from '../key-history.ts'
import type { SnapshotContent } from '../snapshot.ts'
import { CorruptStoreError } from '../store-error.ts'
import type { KeyValue } from '../store-interface.ts'
import { BoltFile } from './bolt-reader.ts'
import { type BoltBucket, encodeBolt } from './bolt-writer.ts'

const HASH_BYTES = 32
const SECTOR_BYTES = 512
const REVISION_BYTES = 17
const TOMBSTONE_MARK = 't'.charCodeAt(0)

const WireLease = message({ ID: long(1), TTL: int(2), RemainingTTL: int(3) })

/** Those that etcd makes when it starts, whether it needs them or not; a restore expects to find them. */
const EMPTY_BUCKETS = ['alarm', 'auth', 'authRoles', 'authUsers', 'cluster', 'members', 'members_removed']

/** `content.revision` is the compacted revision (0: none), as in a snapshot of the log. */
export function* encodeEtcdSnapshot(content: SnapshotContent): Generator<Buffer> {
  const hash = createHash('sha256')
  for (const page of encodeBolt(bucketsOf(content))) {
    hash.update(page)
    yield page
  }
  yield hash.digest()
}

function bucketsOf(content: SnapshotContent): BoltBucket[] {
  const leases = content.leases
    .map(({ id, ttlSeconds }) => ({ key: u64(id), value: WireLease.encode({ ID: id, TTL: ttlSeconds }) }))
    .sort((a, b) => a.key.compare(b.key))
  const buckets = [keyBucket(revisionsOf(content)), small('lease', leases), small('meta', metaOf(content))]
  return [...buckets, ...EMPTY_BUCKETS.map((name) => small(name, []))].sort((a, b) => (a.name < b.name ? -1 : 1))
}

function metaOf({ revision, changes }: SnapshotContent) {
  const head = changes.at(-1)?.revision ?? Math.max(1, revision)
  const compacted = revision > 0 ? ['finishedCompactRev', 'scheduledCompactRev'] : []
  return [
    { key: Buffer.from('consistent_index'), value: u64(head) },
    ...compacted.map((name) => ({ key: Buffer.from(name), value: revisionKey(revision, 0) })),
    { key: Buffer.from('term'), value: u64(1) },
  ].sort((a, b) => a.key.compare(b.key))
}

/** All states that are kept, in the order in which they came to be. */
function revisionsOf({ states, changes }: SnapshotContent): KeyValue[] {
  const kept = states.toSorted((a, b) => a.modRevision - b.modRevision)
  for (const change of changes) kept.push(...change.states)
  return kept
}

function keyBucket(states: KeyValue[]): BoltBucket {
  // Its place among the states of its revision. Of what came before the compaction only the order is left.
  const subs = new Uint32Array(states.length)
  for (let index = 1; index < states.length; index++) {
    const isSame = states[index]?.modRevision === states[index - 1]?.modRevision
    if (isSame) subs[index] = (subs[index - 1] as number) + 1
  }
  return {
    name: 'key',
    length: states.length,
    sizeAt(index) {
      const state = states[index] as KeyValue
      return { key: REVISION_BYTES + (isTombstone(state) ? 1 : 0), value: sizeOf(state) }
    },
    at(index) {
      const state = states[index] as KeyValue
      const key = revisionKey(state.modRevision, subs[index] as number, isTombstone(state))
      return {
        key,
        value: WireKeyValue.encode(isTombstone(state) ? { key: Buffer.from(state.key, 'latin1') } : kvToWire(state)),
      }
    },
  }
}

/** Of its message, without making it. A tombstone's has nothing but the key. */
function sizeOf(state: KeyValue): number {
  const piece = (length: number) => (length === 0 ? 0 : 1 + varintBytes(length) + length)
  if (isTombstone(state)) return piece(state.key.length)
  let bytes = piece(state.key.length) + piece(state.value.length)
  for (const number of [state.createRevision, state.modRevision, state.version]) {
    if (number > 0) bytes += 1 + varintBytes(number)
  }
  // An id of 64 bits has more bytes than a number could tell exactly.
  if (state.lease !== 0n) bytes += 1 + Math.ceil(BigInt.asUintN(64, state.lease).toString(2).length / 7)
  return bytes
}

function varintBytes(value: number): number {
  let bytes = 1
  for (let rest = value; rest >= 0x80; rest = Math.floor(rest / 0x80)) bytes++
  return bytes
}

function small(name: string, entries: { key: Buffer; value: Buffer }[]): BoltBucket {
  const at = (index: number) => entries[index] as { key: Buffer; value: Buffer }
  return {
    name,
    length: entries.length,
    at,
    sizeAt: (index) => ({ key: at(index).key.length, value: at(index).value.length }),
  }
}

/** Throws `CorruptStoreError` when it is not whole, or is no database of etcd's. */
export function decodeEtcdSnapshot(bytes: Buffer, { file }: { file: string }): SnapshotContent {
  const database = new BoltFile(checked(bytes, file), { file })
  const meta = new Map([...database.bucket('meta')].map(({ key, value }) => [key.toString(), value]))
  // What is scheduled is decided; that it has not been carried out is nothing that a reader could see.
  const compactRevision = mainOf(meta.get('scheduledCompactRev') ?? meta.get('finishedCompactRev'))
  const before = new Map<string, KeyValue>()
  const content: SnapshotContent = { revision: Math.max(1, compactRevision), states: [], leases: [], changes: [] }
  for (const { key, value } of database.bucket('key')) {
    const state = stateOf(key, value)
    if (state.modRevision <= compactRevision) before.set(state.key, state)
    else if (content.changes.at(-1)?.revision === state.modRevision) content.changes.at(-1)?.states.push(state)
    else content.changes.push({ revision: state.modRevision, states: [state] })
  }
  const atCut = [...before.values()]
  // Tombstones are wanted of the very revision only, and last, as `Mvcc.load` has it.
  content.states = atCut.filter((state) => state.modRevision < compactRevision && !isTombstone(state))
  content.states.push(...atCut.filter((state) => state.modRevision === compactRevision))
  for (const { value } of database.bucket('lease')) {
    const { ID, TTL } = WireLease.decode(value)
    content.leases.push({ id: ID, ttlSeconds: TTL })
  }
  return hasHoles(content) ? withoutHistory(content) : content
}

function checked(bytes: Buffer, file: string): Buffer {
  if (bytes.length % SECTOR_BYTES !== HASH_BYTES) {
    throw new CorruptStoreError({
      file,
      offset: bytes.length,
      problem: 'snapshot is cut short, or has no hash at its end',
    })
  }
  const database = bytes.subarray(0, -HASH_BYTES)
  if (!createHash('sha256').update(database).digest().equals(bytes.subarray(-HASH_BYTES))) {
    throw new CorruptStoreError({ file, offset: database.length, problem: 'hash of the snapshot does not match' })
  }
  return database
}

function stateOf(key: Buffer, value: Buffer): KeyValue {
  const state = kvFromWire(WireKeyValue.decode(value) as DecodedOf<typeof WireKeyValue>)
  if (key[REVISION_BYTES] === TOMBSTONE_MARK) return tombstone(state.key, mainOf(key))
  // Copied, so that one value does not hold the whole file in memory.
  return { ...state, value: Buffer.from(state.value) }
}

/** A restore of etcd's that moved the revision ahead leaves revisions out. */
function hasHoles({ revision, changes }: SnapshotContent): boolean {
  return changes.length > 0 && changes.at(-1)?.revision !== revision + changes.length
}

/** The newest state of everything, as if all before it had been compacted. */
export function withoutHistory(content: SnapshotContent): SnapshotContent {
  const newest = new Map<string, KeyValue>()
  for (const state of revisionsOf(content)) newest.set(state.key, state)
  return {
    revision: content.changes.at(-1)?.revision ?? content.revision,
    states: [...newest.values()].filter((state) => !isTombstone(state)),
    leases: content.leases,
    changes: [],
  }
}

/**
 * etcd's HashKV: equal for two members exactly if they keep the same states of the same keys up to that revision. Of
 * what came before the compaction only that counts which still stands, since the rest may be removed at any time; unless
 * nothing stands at all, then, by an oddity of etcd's, everything counts.
 */
export function hashOfKeys(content: SnapshotContent): number {
  const states = revisionsOf(content)
  const newest = new Map(states.map((state) => [state.key, state]))
  const standing = new Set([...newest.values()].filter((state) => !isTombstone(state)))
  const bucket = keyBucket(states)
  let hash = crc32c(Buffer.from('key'), 0)
  for (const [index, state] of states.entries()) {
    const isPast = state.modRevision <= content.revision
    if (isPast && standing.size > 0 && !standing.has(state)) continue
    if (state.modRevision === content.revision && isTombstone(state)) continue
    const { key, value } = bucket.at(index)
    hash = crc32c(value, crc32c(key, hash))
  }
  return hash
}

function revisionKey(main: number, sub: number, isTombstoneKey = false): Buffer {
  const bytes = Buffer.alloc(isTombstoneKey ? REVISION_BYTES + 1 : REVISION_BYTES)
  bytes.writeBigUInt64BE(BigInt(main), 0)
  bytes.write('_', 8)
  bytes.writeBigUInt64BE(BigInt(sub), 9)
  if (isTombstoneKey) bytes[REVISION_BYTES] = TOMBSTONE_MARK
  return bytes
}

function mainOf(key: Buffer | undefined): number {
  return key ? Number(key.readBigUInt64BE(0)) : 0
}

function u64(number: number | bigint): Buffer {
  const bytes = Buffer.alloc(8)
  bytes.writeBigUInt64BE(BigInt.asUintN(64, BigInt(number)))
  return bytes
}
