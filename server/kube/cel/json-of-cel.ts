// What an expression gives, as JSON. Upstream: cel-go/common/types, conversion to google.protobuf.Value.

import { Duration } from '@marcbachmann/cel-js/evaluator'
import { int64Of, type JsonValue } from '../apimachinery/json.ts'
import { CelMessage, typeOfMessage } from './library/messages.ts'
import { entriesOf, isMap } from './maps.ts'

/** Throws for what JSON has no form of. */
export function jsonOfCel(value: unknown): JsonValue {
  if (typeof value === 'bigint') return int64Of(value)
  if (value === null || ['string', 'number', 'boolean'].includes(typeof value)) return value as JsonValue
  if (Array.isArray(value)) return value.map(jsonOfCel)
  if (value instanceof Date) return value.toISOString().replace('.000Z', 'Z')
  if (value instanceof Duration) return `${Number(value.seconds) + value.nanos / 1e9}s`
  if (value instanceof Uint8Array) return Buffer.from(value).toString('base64')
  if (value instanceof CelMessage || isMap(value)) {
    return Object.fromEntries(entriesOf(value).map(([key, inner]) => [key, jsonOfCel(inner)]))
  }
  throw new Error(
    `a value of type ${(value as object | undefined)?.constructor?.name ?? typeof value} has no form in JSON`,
  )
}

/** Pieces must be called by the place where they stand: `Object.spec` at `spec`. */
export function misnamedMessages(value: unknown, expected: string): string[] {
  if (Array.isArray(value)) return value.flatMap((item) => misnamedMessages(item, expected))
  if (typeof value !== 'object' || value === null) return []
  if (!(value instanceof CelMessage)) {
    return entriesOf(value).flatMap(([, item]) => misnamedMessages(item, expected))
  }
  const name = typeOfMessage(value)
  const quoted = `unexpected type name ${JSON.stringify(name)}, expected ${JSON.stringify(expected)}`
  return [
    ...(name === expected ? [] : [`${quoted}, which matches field name path from root Object type`]),
    ...Object.entries(value).flatMap(([field, inner]) => misnamedMessages(inner, `${expected}.${field}`)),
  ]
}
