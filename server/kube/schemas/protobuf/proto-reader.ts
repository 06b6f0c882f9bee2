// Protobuf's wire form, read. Bytes come from clients: whatever does not fit is a BadRequest, never a wrong read.

import { int64Of } from '../../apimachinery/json.ts'
import { badRequest } from '../../apimachinery/status-error.ts'

/** One field as it stands on the wire: a number, or bytes that are text, message or packed numbers. */
export type WireValue = { wire: 'varint'; value: bigint } | { wire: 'fixed64' | 'fixed32' | 'bytes'; bytes: Buffer }

const malformed = (why: string) => badRequest(`the body is no Kubernetes protobuf: ${why}`)

/** The fields of one message in the order sent. */
export function* readFields(bytes: Buffer): Generator<[field: number, value: WireValue]> {
  let at = 0

  function varint(): bigint {
    let value = 0n
    for (let shift = 0n; shift < 70n; shift += 7n) {
      const byte = bytes[at++]
      if (byte === undefined) throw malformed('unexpected end')
      value |= BigInt(byte & 0x7f) << shift
      if (byte < 0x80) return value
    }
    throw malformed('a number is too long')
  }

  function take(size: number): Buffer {
    if (size > bytes.length - at) throw malformed('unexpected end')
    at += size
    return bytes.subarray(at - size, at)
  }

  while (at < bytes.length) {
    const tag = Number(varint())
    const field = Math.floor(tag / 8)
    if (field === 0) throw malformed('field number 0')
    switch (tag % 8) {
      case 0:
        yield [field, { wire: 'varint', value: varint() }]
        break
      case 1:
        yield [field, { wire: 'fixed64', bytes: take(8) }]
        break
      case 2:
        yield [field, { wire: 'bytes', bytes: take(Number(varint())) }]
        break
      case 5:
        yield [field, { wire: 'fixed32', bytes: take(4) }]
        break
      default:
        throw malformed(`wire type ${tag % 8}`)
    }
  }
}

export function bytesOf(value: WireValue): Buffer {
  if (value.wire !== 'bytes') throw malformed('a number where bytes are due')
  return value.bytes
}

export const textOf = (value: WireValue) => bytesOf(value).toString('utf8')

/** int32 and int64: two's complement. */
export function wholeOf(value: WireValue): number | bigint {
  if (value.wire !== 'varint') throw malformed('bytes where a number is due')
  return int64Of(BigInt.asIntN(64, value.value))
}

/** Where digits beyond 2⁵³ do not matter. */
export const integerOf = (value: WireValue): number => Number(wholeOf(value))

export function doubleOf(value: WireValue): number {
  if (value.wire !== 'fixed64') throw malformed('no double')
  return value.bytes.readDoubleLE(0)
}

/** The first value of each field number, for messages whose fields do not repeat. */
export function readMessage(bytes: Buffer): Map<number, WireValue> {
  const fields = new Map<number, WireValue>()
  for (const [field, value] of readFields(bytes)) fields.set(field, value)
  return fields
}
