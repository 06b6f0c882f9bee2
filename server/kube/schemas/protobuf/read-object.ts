// The message of a type as a JSON object. Fields of unknown numbers are skipped: a newer client may send them.

import { type JsonObject, type JsonValue, parseJson } from '../../apimachinery/json.ts'
import { badRequest } from '../../apimachinery/status-error.ts'
import type { FieldFact, ScalarKind, Schemas, TypeFact, ValueType } from '../schemas.ts'
import { setOwn } from '../strict-json.ts'
import { isWrappedList, JSON_SCHEMA_PROPS, schemaUnionOf } from './odd-messages.ts'
import {
  bytesOf,
  doubleOf,
  integerOf,
  readFields,
  readMessage,
  textOf,
  type WireValue,
  wholeOf,
} from './proto-reader.ts'

/** Schemas contain schemas; nothing honest goes this deep. */
const MAX_DEPTH = 200

export const readObject = (schemas: Schemas, type: TypeFact, bytes: Buffer): JsonObject =>
  readTyped({ schemas, fields: new Map() }, type, bytes, 0)

interface Reading {
  schemas: Schemas
  /** By type: what a type has is found out once, however many messages of it there are. */
  fields: Map<TypeFact, Map<number, Found>>
}

type Found = { field: FieldFact } | { embedded: TypeFact }

function readTyped(reading: Reading, type: TypeFact, bytes: Buffer, depth: number): JsonObject {
  if (depth > MAX_DEPTH) throw badRequest('exceeded max depth')
  const object: JsonObject = {}
  const fields = fieldsByNumber(reading, type)
  for (const [number, wire] of readFields(bytes)) {
    const found = fields.get(number)
    if (!found) continue
    if ('embedded' in found) Object.assign(object, readTyped(reading, found.embedded, bytesOf(wire), depth + 1))
    else readField(reading, type, found.field, wire, object, depth)
  }
  return object
}

function fieldsByNumber({ schemas, fields }: Reading, type: TypeFact): Map<number, Found> {
  const known = fields.get(type)
  if (known) return known
  const found = new Map<number, Found>()
  const elsewhere = new Set<string>()
  for (const inner of type.embedded) {
    const embedded = schemas.type(inner.type)!
    for (const name of embedded.fields.keys()) elsewhere.add(name)
    if (inner.protobuf > 0) found.set(inner.protobuf, { embedded })
  }
  for (const field of type.fields.values()) {
    if (field.protobuf && !elsewhere.has(field.name)) found.set(field.protobuf.number, { field })
  }
  fields.set(type, found)
  return found
}

function readField(
  reading: Reading,
  owner: TypeFact,
  field: FieldFact,
  wire: WireValue,
  object: JsonObject,
  depth: number,
): void {
  const { type, name } = field
  const union = schemaUnionOf(owner, name)
  const readSchema = (bytes: Buffer) => readTyped(reading, reading.schemas.type(JSON_SCHEMA_PROPS)!, bytes, depth + 1)
  if (type.kind === 'map') {
    const entry = readMessage(bytesOf(wire))
    const [key, value] = [entry.get(1), entry.get(2)]
    object[name] ??= {}
    const map = object[name] as JsonObject
    const read = union
      ? union.read(value ? bytesOf(value) : Buffer.alloc(0), readSchema)
      : value
        ? readValue(reading, type.values, value, depth)
        : zeroOf(type.values)
    setOwn(map, key ? textOf(key) : '', read)
  } else if (union) {
    object[name] = union.read(bytesOf(wire), readSchema)
  } else if (type.kind === 'array' && !isWrappedList(type)) {
    object[name] ??= []
    const list = object[name] as JsonValue[]
    list.push(readValue(reading, type.items, wire, depth))
  } else {
    object[name] = readValue(reading, type, wire, depth)
  }
}

function readValue(reading: Reading, type: ValueType, wire: WireValue, depth: number): JsonValue {
  switch (type.kind) {
    case 'ref':
      return readTyped(reading, reading.schemas.type(type.ref)!, bytesOf(wire), depth + 1)
    case 'array': {
      const list: JsonValue[] = []
      for (const [number, element] of readFields(bytesOf(wire))) {
        if (number === 1) list.push(readValue(reading, type.items, element, depth))
      }
      return list
    }
    case 'map':
      return {}
    default:
      return readScalar(type.kind, wire)
  }
}

/** What an absent map value stands for. */
function zeroOf(type: ValueType): JsonValue {
  if (type.kind === 'string' || type.kind === 'bytes') return ''
  if (type.kind === 'int32' || type.kind === 'int64' || type.kind === 'double') return 0
  if (type.kind === 'bool') return false
  if (type.kind === 'array') return []
  return type.kind === 'ref' || type.kind === 'map' ? {} : null
}

function readScalar(kind: ScalarKind, wire: WireValue): JsonValue {
  switch (kind) {
    case 'string':
      return textOf(wire)
    case 'bytes':
      return bytesOf(wire).toString('base64')
    case 'bool':
      return integerOf(wire) !== 0
    case 'int32':
    case 'int64':
      return wholeOf(wire)
    case 'double':
      return doubleOf(wire)
    case 'quantity': {
      const text = readMessage(bytesOf(wire)).get(1)
      return text ? textOf(text) : '0'
    }
    case 'int-or-string': {
      const either = readMessage(bytesOf(wire))
      const isText = either.get(1) !== undefined && integerOf(either.get(1)!) === 1
      if (isText) return either.get(3) ? textOf(either.get(3)!) : ''
      return either.get(2) ? integerOf(either.get(2)!) : 0
    }
    case 'time':
    case 'microtime':
      return readTime(bytesOf(wire), kind === 'microtime')
    case 'duration': {
      const nanoseconds = readMessage(bytesOf(wire)).get(1)
      return durationText(nanoseconds ? integerOf(nanoseconds) : 0)
    }
    case 'raw':
      return readRaw(bytesOf(wire))
  }
}

function readTime(bytes: Buffer, isMicro: boolean): JsonValue {
  const time = readMessage(bytes)
  const seconds = time.get(1) ? integerOf(time.get(1)!) : 0
  const nanos = time.get(2) ? integerOf(time.get(2)!) : 0
  if (seconds === 0 && nanos === 0) return null
  const date = new Date(seconds * 1000)
  if (Number.isNaN(date.getTime())) throw badRequest('the body is no Kubernetes protobuf: a time is out of range')
  const whole = date.toISOString().slice(0, 19)
  return isMicro ? `${whole}.${String(Math.floor(nanos / 1000)).padStart(6, '0')}Z` : `${whole}Z`
}

function durationText(nanoseconds: number): string {
  const seconds = nanoseconds / 1e9
  const [hours, minutes] = [Math.trunc(seconds / 3600), Math.trunc((seconds % 3600) / 60)]
  const rest = `${Math.round((seconds % 60) * 1e9) / 1e9}s`
  if (hours !== 0) return `${hours}h${minutes}m${rest}`
  return minutes !== 0 ? `${minutes}m${rest}` : rest
}

/** JSON inside protobuf: RawExtension, FieldsV1, JSON. */
function readRaw(bytes: Buffer): JsonValue {
  const raw = readMessage(bytes).get(1)
  if (!raw) return null
  try {
    return parseJson(textOf(raw))
  } catch {
    throw badRequest('the body is no Kubernetes protobuf: an embedded object is no JSON')
  }
}
