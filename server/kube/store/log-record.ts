// What the log says, one record after the other, and its bytes. Numbers are little-endian; u64 holds a safe integer, i64 any.
//
//     change, states   type u8 | count u32 | state…        a revision that was made | a piece of a snapshot
//     state            modRevision u64 | createRevision u64 | version u32 | lease i64 | key length u32 |
//                      value length u32 | key | value        (version 0: a tombstone)
//     compact, start   type u8 | revision u64              history cut | first record of a snapshot: its revision
//     grant            type u8 | id i64 | ttl seconds u64
//     revoke           type u8 | id i64                    its keys' tombstones are a change in the same frame
//     end              type u8 | number of states u64      last record of a snapshot: it is whole

import type { Change } from './change-history.ts'
import type { KeyValue } from './store-interface.ts'

export type LogRecord =
  | { type: 'change'; change: Change }
  | { type: 'states'; states: KeyValue[] }
  | { type: 'compact'; revision: number }
  | { type: 'start'; revision: number }
  | { type: 'grant'; id: bigint; ttlSeconds: number }
  | { type: 'revoke'; id: bigint }
  | { type: 'end'; count: number }

const TYPES = ['', 'change', 'states', 'compact', 'start', 'grant', 'revoke', 'end'] as const
const STATE_HEAD_BYTES = 8 + 8 + 4 + 8 + 4 + 4

/** Writes the change and makes its values slices of the record, so that a value is held in memory once. */
export function encodeChange(change: Change): Buffer {
  return encodeStates('change', change.states, (state, value) => {
    state.value = value
  })
}

export function encodeSnapshotStates(states: KeyValue[]): Buffer {
  return encodeStates('states', states)
}

/** As `encodeChange`, of one whose values are slices of their record already. */
export function encodeSnapshotChange(change: Change): Buffer {
  return encodeStates('change', change.states)
}

export function encodeNumbers(type: 'compact' | 'start' | 'end', number: number): Buffer {
  const bytes = Buffer.allocUnsafeSlow(9)
  bytes[0] = TYPES.indexOf(type)
  writeU64(bytes, number, 1)
  return bytes
}

export function encodeRevoke(id: bigint): Buffer {
  const bytes = Buffer.allocUnsafeSlow(9)
  bytes[0] = TYPES.indexOf('revoke')
  writeI64(bytes, id, 1)
  return bytes
}

export function encodeGrant(id: bigint, ttlSeconds: number): Buffer {
  const bytes = Buffer.allocUnsafeSlow(17)
  bytes[0] = TYPES.indexOf('grant')
  writeI64(bytes, id, 1)
  writeU64(bytes, ttlSeconds, 9)
  return bytes
}

/** All records of a frame. Throws when the bytes make no sense; their checksum was right, so that would be a bug. */
export function* decodeRecords(bytes: Buffer): Generator<LogRecord> {
  const reader = { bytes, at: 0 }
  while (reader.at < bytes.length) {
    const type = TYPES[bytes[reader.at++] as number]
    switch (type) {
      case 'change': {
        const states = readStates(reader)
        yield { type, change: { revision: states[0]?.modRevision ?? 0, states } }
        break
      }
      case 'states':
        yield { type, states: readStates(reader) }
        break
      case 'compact':
      case 'start':
        yield { type, revision: readU64(reader) }
        break
      case 'grant':
        yield { type, id: readI64(reader), ttlSeconds: readU64(reader) }
        break
      case 'revoke':
        yield { type, id: readI64(reader) }
        break
      case 'end':
        yield { type, count: readU64(reader) }
        break
      default:
        throw new RangeError(`unknown record type ${bytes[reader.at - 1]}`)
    }
  }
}

function encodeStates(
  type: 'change' | 'states',
  states: KeyValue[],
  placed?: (state: KeyValue, value: Buffer) => void,
): Buffer {
  let size = 5
  for (const state of states) size += STATE_HEAD_BYTES + state.key.length + state.value.length
  const bytes = Buffer.allocUnsafeSlow(size)
  bytes[0] = TYPES.indexOf(type)
  bytes.writeUInt32LE(states.length, 1)
  let at = 5
  for (const state of states) {
    writeU64(bytes, state.modRevision, at)
    writeU64(bytes, state.createRevision, at + 8)
    bytes.writeUInt32LE(state.version, at + 16)
    writeI64(bytes, state.lease, at + 20)
    bytes.writeUInt32LE(state.key.length, at + 28)
    bytes.writeUInt32LE(state.value.length, at + 32)
    at += STATE_HEAD_BYTES
    at += bytes.write(state.key, at, 'latin1')
    const value = bytes.subarray(at, at + state.value.length)
    value.set(state.value)
    at += value.length
    placed?.(state, value)
  }
  return bytes
}

interface Reader {
  bytes: Buffer
  at: number
}

function readStates(reader: Reader): KeyValue[] {
  const count = readU32(reader)
  const states: KeyValue[] = []
  for (let i = 0; i < count; i++) states.push(readState(reader))
  return states
}

function readState(reader: Reader): KeyValue {
  const modRevision = readU64(reader)
  const createRevision = readU64(reader)
  const version = readU32(reader)
  const lease = readI64(reader)
  const keyLength = readU32(reader)
  const valueLength = readU32(reader)
  const key = reader.bytes.toString('latin1', reader.at, reader.at + keyLength)
  reader.at += keyLength
  // Copied: a slice would hold the whole segment in memory for as long as this one value lives.
  const value = Buffer.allocUnsafeSlow(valueLength)
  reader.bytes.copy(value, 0, reader.at, reader.at + valueLength)
  reader.at += valueLength
  return { key, value, createRevision, modRevision, version, lease }
}

function readU32(reader: Reader): number {
  const number = reader.bytes.readUInt32LE(reader.at)
  reader.at += 4
  return number
}

function readU64(reader: Reader): number {
  const number = reader.bytes.readUInt32LE(reader.at) + reader.bytes.readUInt32LE(reader.at + 4) * 2 ** 32
  reader.at += 8
  return number
}

/** Nearly all are zero, and big integers are slow to read and to write. */
function readI64(reader: Reader): bigint {
  const { bytes, at } = reader
  reader.at += 8
  return bytes.readInt32LE(at) === 0 && bytes.readInt32LE(at + 4) === 0 ? 0n : bytes.readBigInt64LE(at)
}

function writeI64(bytes: Buffer, number: bigint, at: number): void {
  if (number === 0n) writeU64(bytes, 0, at)
  else bytes.writeBigInt64LE(number, at)
}

function writeU64(bytes: Buffer, number: number, at: number): void {
  bytes.writeUInt32LE(number % 2 ** 32, at)
  bytes.writeUInt32LE(Math.floor(number / 2 ** 32), at + 4)
}
