// Bodies in protobuf, as typed Go clients send them (kubectl create configmap, kubectl drain): read into the JSON they
// mean, and from there on like any other. Answers go out as JSON, which every client takes.
//
//   "k8s\0" Unknown{ 1: TypeMeta{ 1: apiVersion, 2: kind }, 2: the message itself }
//
// Upstream: apimachinery/pkg/runtime/serializer/protobuf, the generated.proto of each API package.

import type { JsonObject, JsonValue } from '../../apimachinery/json.ts'
import { badRequest } from '../../apimachinery/status-error.ts'
import type { FieldFact, Schemas, TypeFact, ValueType } from '../../schemas/schemas.ts'

const MAGIC = Buffer.from('k8s\0', 'latin1')
const DEPTH_LIMIT = 100

export function decodeProtobuf(schemas: Schemas, body: Buffer): JsonValue {
  if (!body.subarray(0, MAGIC.length).equals(MAGIC)) {
    throw badRequest('provided data does not appear to be a protobuf message, expected prefix [107 56 115 0]')
  }
  try {
    const envelope = readFields(body.subarray(MAGIC.length))
    const told = readFields(bytesOf(envelope.get(1)))
    const apiVersion = bytesOf(told.get(1)).toString('utf8')
    const kind = bytesOf(told.get(2)).toString('utf8')
    const [version = '', group = ''] = apiVersion.split('/').reverse()
    const type = schemas.typeOf({ group, version, kind })
    if (!type) throw badRequest(`no kind "${kind}" is registered for version "${apiVersion}"`)
    const decoder = new MessageDecoder(schemas)
    return { apiVersion, kind, ...decoder.message(bytesOf(envelope.get(2)), type, 0) }
  } catch (err) {
    if (err instanceof RangeError) throw badRequest(`unable to decode protobuf: ${err.message}`)
    throw err
  }
}

type Wire = bigint | Buffer

/** All values of each field, in order. */
function readFields(bytes: Buffer): Map<number, Wire[]> {
  const fields = new Map<number, Wire[]>()
  let at = 0
  const varint = (): bigint => {
    let value = 0n
    for (let shift = 0n; shift < 70n; shift += 7n) {
      const byte = bytes[at++]
      if (byte === undefined) throw new RangeError('unexpected EOF')
      value |= BigInt(byte & 0x7f) << shift
      if (byte < 0x80) return BigInt.asIntN(64, value)
    }
    throw new RangeError('varint overflows a 64-bit integer')
  }
  const take = (length: number): Buffer => {
    if (length < 0 || at + length > bytes.length) throw new RangeError('unexpected EOF')
    const taken = bytes.subarray(at, at + length)
    at += length
    return taken
  }
  while (at < bytes.length) {
    const tag = Number(varint())
    const number = tag >>> 3
    const wireType = tag & 7
    let value: Wire
    if (wireType === 0) value = varint()
    else if (wireType === 1) value = take(8)
    else if (wireType === 2) value = take(Number(varint()))
    else if (wireType === 5) value = take(4)
    else throw new RangeError(`wire type ${wireType} is not known`)
    const values = fields.get(number)
    if (values) values.push(value)
    else fields.set(number, [value])
  }
  return fields
}

const EMPTY = Buffer.alloc(0)
function bytesOf(values: Wire[] | undefined): Buffer {
  const last = values?.at(-1)
  return Buffer.isBuffer(last) ? last : EMPTY
}
const intOf = (value: Wire | undefined) => (typeof value === 'bigint' ? Number(value) : 0)

class MessageDecoder {
  readonly #schemas: Schemas

  constructor(schemas: Schemas) {
    this.#schemas = schemas
  }

  message(bytes: Buffer, type: TypeFact, depth: number): JsonObject {
    if (depth > DEPTH_LIMIT) throw new RangeError('message is nested too deeply')
    const wire = readFields(bytes)
    const object: JsonObject = {}
    const inherited = new Set<FieldFact>()
    for (const { type: name, protobuf } of type.embedded) {
      const inner = this.#schemas.type(name)
      if (!inner) continue
      for (const field of inner.fields.values()) inherited.add(field)
      const values = wire.get(protobuf)
      if (protobuf && values) Object.assign(object, this.message(bytesOf(values), inner, depth + 1))
    }
    for (const field of type.fields.values()) {
      if (!field.protobuf || inherited.has(field)) continue
      const values = wire.get(field.protobuf.number)
      if (values) setOwn(object, field.name, this.#field(values, field.type, depth))
    }
    return object
  }

  #field(values: Wire[], type: ValueType, depth: number): JsonValue {
    if (type.kind === 'array') return values.flatMap((value) => this.#elements(value, type.items, depth))
    if (type.kind === 'map') {
      const map: JsonObject = {}
      for (const value of values) {
        const entry = readFields(Buffer.isBuffer(value) ? value : EMPTY)
        const inner = entry.get(2)?.at(-1) ?? (isVarint(type.values) ? 0n : EMPTY)
        setOwn(map, bytesOf(entry.get(1)).toString('utf8'), this.#value(inner, type.values, depth))
      }
      return map
    }
    return this.#value(values.at(-1) ?? EMPTY, type, depth)
  }

  /** Numbers may come packed into one value. */
  #elements(value: Wire, type: ValueType, depth: number): JsonValue[] {
    if (!isVarint(type) || !Buffer.isBuffer(value)) return [this.#value(value, type, depth)]
    const numbers: JsonValue[] = []
    let current = 0n
    let shift = 0n
    for (const byte of value) {
      current |= BigInt(byte & 0x7f) << shift
      shift += 7n
      if (byte >= 0x80) continue
      numbers.push(this.#value(BigInt.asIntN(64, current), type, depth))
      current = 0n
      shift = 0n
    }
    return numbers
  }

  #value(value: Wire, type: ValueType, depth: number): JsonValue {
    const bytes = Buffer.isBuffer(value) ? value : EMPTY
    switch (type.kind) {
      case 'ref': {
        const fact = this.#schemas.type(type.ref)
        return fact ? this.message(bytes, fact, depth + 1) : null
      }
      case 'array':
        // A named list inside a map or a list is a message with one repeated field.
        return this.#field(readFields(bytes).get(1) ?? [], type, depth)
      case 'map':
        return this.#field(readFields(bytes).get(1) ?? [], type, depth)
      case 'string':
        return bytes.toString('utf8')
      case 'bytes':
        return bytes.toString('base64')
      case 'bool':
        return intOf(value) !== 0
      case 'int32':
      case 'int64':
        return intOf(value)
      case 'double':
        return bytes.length === 8 ? bytes.readDoubleLE(0) : 0
      case 'quantity':
        return bytesOf(readFields(bytes).get(1)).toString('utf8') || '0'
      case 'int-or-string': {
        const fields = readFields(bytes)
        return intOf(fields.get(1)?.[0]) === 0 ? intOf(fields.get(2)?.[0]) : bytesOf(fields.get(3)).toString('utf8')
      }
      case 'time':
      case 'microtime':
        return timeOf(bytes, type.kind)
      case 'duration':
        return `${intOf(readFields(bytes).get(1)?.[0]) / 1e9}s`
      case 'raw': {
        const raw = bytesOf(readFields(bytes).get(1))
        return raw.length === 0 ? null : (JSON.parse(raw.toString('utf8')) as JsonValue)
      }
    }
  }
}

const isVarint = ({ kind }: ValueType) => kind === 'int32' || kind === 'int64' || kind === 'bool'

/** No time at all is an empty message. */
function timeOf(bytes: Buffer, kind: 'time' | 'microtime'): JsonValue {
  const fields = readFields(bytes)
  const seconds = intOf(fields.get(1)?.[0])
  const nanos = intOf(fields.get(2)?.[0])
  // Go's zero time, the year 1, means "not set" as well.
  if ((seconds === 0 && nanos === 0) || seconds < -62_000_000_000) return null
  const date = new Date(seconds * 1000).toISOString().slice(0, 19)
  return kind === 'time' ? `${date}Z` : `${date}.${String(Math.floor(nanos / 1000)).padStart(6, '0')}Z`
}

function setOwn(object: JsonObject, key: string, value: JsonValue): void {
  Object.defineProperty(object, key, { value, enumerable: true, configurable: true, writable: true })
}
