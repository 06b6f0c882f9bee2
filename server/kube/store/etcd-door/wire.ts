// Between the store's words and those on the wire: keys are binary strings here and bytes there.

import type { DecodedOf } from '../../../base/protobuf.ts'
import type { KeyValue, Store } from '../store-interface.ts'
import type { ResponseHeader, WireKeyValue } from './messages.ts'

/** The one member that this store looks like. Ids are any numbers but zero. */
const CLUSTER_ID = 1
export const MEMBER_ID = 1

const NO_BYTES = Buffer.alloc(0)

export function headerAt(revision: number): DecodedOf<typeof ResponseHeader> {
  return { cluster_id: CLUSTER_ID, member_id: MEMBER_ID, revision, raft_term: 1 }
}

export function headerOf(store: Store): DecodedOf<typeof ResponseHeader> {
  return headerAt(store.revision)
}

export function keyFromWire(bytes: Buffer): string {
  return bytes.toString('latin1')
}

/** An absent end is no end at all. */
export function rangeEndFromWire(bytes: Buffer): { rangeEnd?: string } {
  return bytes.length > 0 ? { rangeEnd: bytes.toString('latin1') } : {}
}

export function keyToWire(key: string): Buffer {
  return Buffer.from(key, 'latin1')
}

export function kvToWire(kv: KeyValue): DecodedOf<typeof WireKeyValue> {
  return {
    key: keyToWire(kv.key),
    create_revision: kv.createRevision,
    mod_revision: kv.modRevision,
    version: kv.version,
    value: kv.value,
    lease: kv.lease,
  }
}

export function kvFromWire(kv: DecodedOf<typeof WireKeyValue>): KeyValue {
  return {
    key: kv.key.toString('latin1'),
    value: kv.value.length === 0 ? NO_BYTES : kv.value,
    createRevision: kv.create_revision,
    modRevision: kv.mod_revision,
    version: kv.version,
    lease: kv.lease,
  }
}
