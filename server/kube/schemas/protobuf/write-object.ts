// A JSON object as the message of its type. Fields come in the order of their numbers and map keys sorted, so that equal
// objects have equal bytes, the same that Go writes.

import { isJsonNumber, isJsonObject, type JsonObject, type JsonValue, writeJson } from '../../apimachinery/json.ts'
import type { FieldFact, ScalarKind, Schemas, TypeFact, ValueType } from '../schemas.ts'
import { isWrappedList, JSON_SCHEMA_PROPS, schemaUnionOf } from './odd-messages.ts'
import type { ProtoWriter } from './proto-writer.ts'

export function writeObject(schemas: Schemas, type: TypeFact, object: JsonObject, writer: ProtoWriter): void {
  for (const entry of entriesOf(schemas, type)) {
    if ('embedded' in entry) {
      writer.message(entry.number, (inner) => writeObject(schemas, entry.embedded, object, inner))
      continue
    }
    const value = object[entry.field.name]
    if (value !== undefined && value !== null) writeField(schemas, type, entry.field, entry.number, value, writer)
  }
}

type Entry = { number: number; field: FieldFact } | { number: number; embedded: TypeFact }

/** The type's own fields and its embedded messages, by number. */
function entriesOf(schemas: Schemas, type: TypeFact): Entry[] {
  const embedded = type.embedded.map((inner) => ({ number: inner.protobuf, embedded: schemas.type(inner.type)! }))
  const elsewhere = new Set(embedded.flatMap((inner) => [...inner.embedded.fields.keys()]))
  const own = [...type.fields.values()]
    .filter((field) => !elsewhere.has(field.name) && field.protobuf)
    .map((field) => ({ number: field.protobuf!.number, field }))
  // A number of 0 is TypeMeta, which stands outside the message.
  return [...own, ...embedded.filter((inner) => inner.number > 0)].sort((a, b) => a.number - b.number)
}

function writeField(
  schemas: Schemas,
  owner: TypeFact,
  field: FieldFact,
  number: number,
  value: JsonValue,
  writer: ProtoWriter,
): void {
  const union = schemaUnionOf(owner, field.name)
  const writeSchema = (schema: JsonObject, inner: ProtoWriter) =>
    writeObject(schemas, schemas.type(JSON_SCHEMA_PROPS)!, schema, inner)
  const one = (type: ValueType, element: JsonValue) => {
    if (union) writer.message(number, (inner) => union.write(element, inner, writeSchema))
    else writeValue(schemas, type, number, element, writer)
  }
  const { type } = field
  if (type.kind === 'array' && !isWrappedList(type))
    for (const element of value as JsonValue[]) one(type.items, element)
  else if (type.kind === 'map') {
    const map = value as JsonObject
    for (const key of Object.keys(map).sort()) {
      writer.message(number, (entry) => {
        entry.string(1, key)
        if (union) entry.message(2, (inner) => union.write(map[key]!, inner, writeSchema))
        else writeValue(schemas, type.values, 2, map[key]!, entry)
      })
    }
  } else one(type, value)
}

function writeValue(schemas: Schemas, type: ValueType, number: number, value: JsonValue, writer: ProtoWriter): void {
  switch (type.kind) {
    case 'ref':
      writer.message(number, (inner) => {
        if (isJsonObject(value)) writeObject(schemas, schemas.type(type.ref)!, value, inner)
      })
      break
    case 'array':
      // A list as a value of its own: `{ items }`.
      writer.message(number, (inner) => {
        for (const element of (value ?? []) as JsonValue[]) writeValue(schemas, type.items, 1, element, inner)
      })
      break
    case 'map':
      break
    default:
      writeScalar(type.kind, number, value, writer)
  }
}

function writeScalar(kind: ScalarKind, number: number, value: JsonValue, writer: ProtoWriter): void {
  switch (kind) {
    case 'string':
      writer.string(number, String(value ?? ''))
      break
    case 'bytes':
      writer.bytes(number, Buffer.from(String(value ?? ''), 'base64'))
      break
    case 'bool':
      writer.bool(number, value === true)
      break
    case 'int32':
    case 'int64':
      writer.integer(number, isJsonNumber(value) ? value : 0)
      break
    case 'double':
      writer.double(number, Number(value))
      break
    case 'quantity':
      writer.message(number, (quantity) => quantity.string(1, String(value)))
      break
    case 'int-or-string':
      writer.message(number, (either) => {
        either.integer(1, typeof value === 'string' ? 1 : 0)
        either.integer(2, typeof value === 'number' ? value : 0)
        either.string(3, typeof value === 'string' ? value : '')
      })
      break
    case 'time':
    case 'microtime':
      writer.message(number, (time) => writeTime(value, kind === 'microtime', time))
      break
    case 'duration':
      writer.message(number, (duration) => duration.integer(1, nanosecondsOf(String(value))))
      break
    case 'raw':
      writer.message(number, (raw) => raw.bytes(1, Buffer.from(writeJson(value))))
      break
  }
}

/** Seconds and nanoseconds since 1970; the zero time is an empty message. */
function writeTime(value: JsonValue, isMicro: boolean, writer: ProtoWriter): void {
  if (typeof value !== 'string') return
  writer.integer(1, Math.floor(Date.parse(value) / 1000))
  const fraction = isMicro ? (value.match(/\.(\d+)/)?.[1] ?? '') : ''
  writer.integer(2, Number(fraction.padEnd(9, '0').slice(0, 9)))
}

const NANOSECONDS: Record<string, number> = { ns: 1, us: 1e3, µs: 1e3, ms: 1e6, s: 1e9, m: 6e10, h: 3.6e12 }

function nanosecondsOf(duration: string): number {
  const sign = duration.startsWith('-') ? -1 : 1
  let total = 0
  for (const [, amount, unit] of duration.matchAll(/([\d.]+)(ns|us|µs|ms|s|m|h)/g)) {
    total += Number(amount) * NANOSECONDS[unit!]!
  }
  return sign * Math.round(total)
}
