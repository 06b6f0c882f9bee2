// Messages as JSON and back, by the table of their fields: bytes are base64, integers of 64 bits are strings, enums are
// names, and what is zero or empty is left out. Upstream: protobuf's JSON mapping, as grpc-gateway applies it.

import type { Field, MessageType } from '../../../base/protobuf.ts'
import { GrpcError } from './grpc-status.ts'

const invalid = (name: string, value: unknown) =>
  new GrpcError('INVALID_ARGUMENT', `invalid value for ${name}: ${JSON.stringify(value)}`)

export function fromJson(json: unknown, type: MessageType<object>): Record<string, unknown> {
  if (typeof json !== 'object' || json === null || Array.isArray(json)) throw invalid('message', json)
  const content: Record<string, unknown> = {}
  for (const [name, value] of Object.entries(json)) {
    const field = fieldNamed(type, name)
    if (!field) throw new GrpcError('INVALID_ARGUMENT', `unknown field "${name}"`)
    if (value === null) continue
    const [wireName, { repeated, ...one }] = field
    if (repeated && !Array.isArray(value)) throw invalid(name, value)
    content[wireName] = repeated
      ? (value as unknown[]).map((item) => valueFromJson(item, one, name))
      : valueFromJson(value, one, name)
  }
  return content
}

/** Either as in the protocol (`range_end`) or in camel case (`rangeEnd`), as proto3's JSON allows. */
function fieldNamed(type: MessageType<object>, name: string): [string, Field] | undefined {
  const snake = name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`)
  for (const known of [name, snake]) if (Object.hasOwn(type.fields, known)) return [known, type.fields[known] as Field]
  return undefined
}

function valueFromJson(value: unknown, { type, names }: Omit<Field, 'repeated'>, name: string): unknown {
  switch (type) {
    case 'bytes':
      if (typeof value !== 'string') throw invalid(name, value)
      return Buffer.from(value, 'base64')
    case 'string':
      if (typeof value !== 'string') throw invalid(name, value)
      return value
    case 'bool':
      if (typeof value !== 'boolean') throw invalid(name, value)
      return value
    case 'int':
      return names?.includes(value as string) ? names.indexOf(value as string) : Number(wholeNumber(name, value))
    case 'long':
      return wholeNumber(name, value)
    default:
      return fromJson(value, type())
  }
}

/** As a string, as what JSON calls a number, or as what a number could not hold (`parseWithIntegers`). */
function wholeNumber(name: string, value: unknown): bigint {
  const isRead =
    typeof value === 'bigint' || Number.isInteger(value) || (typeof value === 'string' && /^-?\d+$/.test(value))
  const number = isRead ? BigInt(value as bigint | number | string) : undefined
  if (number === undefined || number !== BigInt.asIntN(64, number)) throw invalid(name, String(value))
  return number
}

export function toJson(content: Record<string, unknown>, type: MessageType<object>): Record<string, unknown> {
  const json: Record<string, unknown> = {}
  for (const [name, field] of Object.entries(type.fields)) {
    const value = content[name]
    if (value === undefined) continue
    if (field.repeated) {
      const items = value as unknown[]
      if (items.length > 0) json[name] = items.map((item) => valueToJson(item, field))
    } else if (!isZero(value)) json[name] = valueToJson(value, field)
  }
  return json
}

function isZero(value: unknown): boolean {
  return (
    value === 0 || value === 0n || value === false || value === '' || (Buffer.isBuffer(value) && value.length === 0)
  )
}

function valueToJson(value: unknown, { type, names, isShort }: Field): unknown {
  if (type === 'bytes') return (value as Buffer).toString('base64')
  if (type === 'long') return String(value)
  if (type === 'int') return isShort ? value : (names?.[value as number] ?? String(value))
  return typeof type === 'function' ? toJson(value as Record<string, unknown>, type()) : value
}
