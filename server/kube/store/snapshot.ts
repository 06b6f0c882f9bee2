// A snapshot: the whole state at one revision, as a framed file. Compaction writes one to the disk in place of the
// log before it; `etcdctl snapshot save` gets one through the door; `restoreStore` reads either.
//
//     start(revision)   grant…   states   states   …   change   change   …   end(number of states)
//                                └─ as of revision ─┘   └─ and what followed ─┘

import type { Change } from './change-history.ts'
import { frameHead } from './frame.ts'
import { encodeFileHead, FILE_HEAD_BYTES, readFramedFile, salvageFramedFile } from './framed-file.ts'
import {
  decodeRecords,
  encodeGrant,
  encodeNumbers,
  encodeSnapshotChange,
  encodeSnapshotStates,
  type LogRecord,
} from './log-record.ts'
import { CorruptStoreError } from './store-error.ts'
import type { KeyValue } from './store-interface.ts'

/** Small enough that encoding and checking one does not hold up the event loop, about a millisecond. */
const FRAME_STATES_BYTES = 256 * 1024

export interface SnapshotContent {
  revision: number
  /** Everything that lived at the revision; last what that very revision changed, its tombstones too. */
  states: KeyValue[]
  leases: { id: bigint; ttlSeconds: number }[]
  /**
   * The revisions after it that the file also stands for: compaction cuts some minutes in the past, and a segment
   * that reaches over the cut could not be given back without them.
   */
  changes: Change[]
}

export function* encodeSnapshot(
  content: SnapshotContent,
  { salt, number }: { salt: number; number: number },
): Generator<Buffer> {
  yield encodeFileHead({ salt, number })
  let place = FILE_HEAD_BYTES
  for (const payload of payloadsOf(content)) {
    const head = frameHead([payload], { place, salt })
    yield head
    yield payload
    place += head.length + payload.length
  }
}

function* payloadsOf({ revision, states, leases, changes }: SnapshotContent): Generator<Buffer> {
  yield encodeNumbers('start', revision)
  for (const lease of leases) yield encodeGrant(lease.id, lease.ttlSeconds)
  let first = 0
  let bytes = 0
  for (const [index, state] of states.entries()) {
    bytes += state.key.length + state.value.length
    if (bytes < FRAME_STATES_BYTES) continue
    yield encodeSnapshotStates(states.slice(first, index + 1))
    first = index + 1
    bytes = 0
  }
  if (first < states.length) yield encodeSnapshotStates(states.slice(first))
  for (const change of changes) yield encodeSnapshotChange(change)
  yield encodeNumbers('end', states.length)
}

/** Throws `CorruptStoreError` when it is not whole. */
export function decodeSnapshot(bytes: Buffer, { file, number }: { file: string; number?: number }): SnapshotContent {
  const content: SnapshotContent = { revision: 0, states: [], leases: [], changes: [] }
  let whole = false
  readFramedFile(bytes, { file, ...(number !== undefined && { number }), mayBeTorn: false }, (payload) => {
    for (const record of decodeRecords(payload)) {
      if (record.type === 'end') whole = record.count === content.states.length
      else take(content, record)
    }
    // Behind its end, etcd's clients keep padding and a hash.
    return !whole
  })
  if (!whole) throw new CorruptStoreError({ file, offset: bytes.length, problem: 'snapshot is cut short' })
  return content
}

/** What is left of a damaged one, and how many of its bytes are not. Throws when nothing is. */
export function salvageSnapshot(bytes: Buffer, { file }: { file: string }): { content: SnapshotContent; lost: number } {
  const content: SnapshotContent = { revision: 0, states: [], leases: [], changes: [] }
  const lost = salvageFramedFile(bytes, file, (payload) => {
    for (const record of decodeRecords(payload)) take(content, record)
  })
  for (const { modRevision } of content.states) content.revision = Math.max(content.revision, modRevision)
  return { content, lost }
}

function take(content: SnapshotContent, record: LogRecord): void {
  if (record.type === 'start') content.revision = record.revision
  else if (record.type === 'grant') content.leases.push({ id: record.id, ttlSeconds: record.ttlSeconds })
  else if (record.type === 'states') for (const state of record.states) content.states.push(state)
  else if (record.type === 'change') content.changes.push(record.change)
}
