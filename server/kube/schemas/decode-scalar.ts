// One value that is no object and no list, read as its type: checked, and written as Kubernetes would write it.

import { goKindOf, int64Of, isJsonNumber, type JsonValue } from '../apimachinery/json.ts'
import { parseQuantity } from '../apimachinery/quantity.ts'
import type { ScalarKind } from './schemas.ts'
import { NumberLiteral, type ReadValue, TypeProblem } from './strict-json.ts'

/** Where Go's decoder believes to be: the struct it is filling, and the field names from the top, without list places. */
export interface Place {
  struct: string
  names: readonly string[]
}

/** `json: cannot unmarshal string into Go struct field DeploymentSpec.spec.replicas of type int32` */
export function unmarshalProblem(value: ReadValue, goType: string, { struct, names }: Place): TypeProblem {
  const into = names.length > 0 ? `struct field ${struct}.${names.join('.')}` : 'value'
  return new TypeProblem(`json: cannot unmarshal ${goNameOf(value)} into Go ${into} of type ${goType}`)
}

export function readScalar(
  value: ReadValue,
  kind: Exclude<ScalarKind, 'raw'>,
  goType: string | undefined,
  place: Place,
): JsonValue {
  switch (kind) {
    case 'string':
      // Null inside a list or map is the zero value.
      if (value === null) return ''
      if (typeof value !== 'string') throw unmarshalProblem(value, goType ?? 'string', place)
      return value
    case 'bool':
      if (value === null) return false
      if (typeof value !== 'boolean') throw unmarshalProblem(value, goType ?? 'bool', place)
      return value
    case 'int32':
      return readInteger(value, goType ?? 'int32', place, 32)
    case 'int64':
      return readInteger(value, goType ?? 'int64', place, 64)
    case 'double':
      return readDouble(value, goType ?? 'float64', place)
    case 'bytes':
      return readBytes(value, goType ?? '[]uint8', place)
    case 'int-or-string':
      if (typeof value === 'string') return value
      return readInteger(value, 'int32', { struct: '', names: [] }, 32)
    case 'quantity':
      return readQuantity(value)
    case 'time':
      return readTime(value, false)
    case 'microtime':
      return readTime(value, true)
    case 'duration':
      if (value === null) return '0s'
      if (typeof value !== 'string') throw unmarshalProblem(value, 'string', { struct: '', names: [] })
      return value
  }
}

export function goNameOf(value: ReadValue): string {
  if (value === null) return 'null'
  return value instanceof NumberLiteral ? 'number' : goKindOf(value)
}

function readInteger(value: ReadValue, goType: string, place: Place, bits: 32 | 64): number | bigint {
  if (value === null) return 0
  const text = numberText(value)
  if (text === undefined) throw unmarshalProblem(value, goType, place)
  if (!/^-?\d+$/.test(text)) throw misfit(text, goType, place)
  const number = Number(text)
  if (Number.isSafeInteger(number) && (bits === 64 || number === (number | 0))) return number
  const whole = BigInt(text)
  if (bits === 32 || whole !== BigInt.asIntN(64, whole)) throw misfit(text, goType, place)
  return int64Of(whole)
}

function readDouble(value: ReadValue, goType: string, place: Place): number {
  if (value === null) return 0
  const text = numberText(value)
  if (text === undefined) throw unmarshalProblem(value, goType, place)
  const number = Number(text)
  if (!Number.isFinite(number)) throw misfit(text, goType, place)
  return number
}

function numberText(value: ReadValue): string | undefined {
  if (value instanceof NumberLiteral) return value.text
  return isJsonNumber(value) ? String(value) : undefined
}

function misfit(text: string, goType: string, { struct, names }: Place): TypeProblem {
  const into = names.length > 0 ? `struct field ${struct}.${names.join('.')}` : 'value'
  return new TypeProblem(`json: cannot unmarshal number ${text} into Go ${into} of type ${goType}`)
}

/** Stays text; only checked, by Go's rules: padded standard base64, line ends ignored. */
function readBytes(value: ReadValue, goType: string, place: Place): string {
  if (value === null) return ''
  if (typeof value !== 'string') throw unmarshalProblem(value, goType, place)
  const text = value.replace(/[\r\n]/g, '')
  const legal = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/
  if (legal.test(text)) return text
  const bad = text.search(/[^A-Za-z0-9+/]/)
  throw new TypeProblem(`illegal base64 data at input byte ${bad < 0 ? text.length - (text.length % 4) : bad}`)
}

const QUANTITY_FORM = "'^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'"
/** No honest quantity is longer, and exact arithmetic on a megabyte of digits is slow. */
const MAX_QUANTITY_LENGTH = 128

/** Up to three digits with a suffix are written as they are: 250m, 64Mi, 2. That is nearly all there ever are. */
const CANONICAL_QUANTITY = /^[1-9]\d{0,2}(?:[KMGT]i|[numkMGT])?$/

function readQuantity(value: ReadValue): string {
  if (value === null) return '0'
  if (typeof value === 'string' && CANONICAL_QUANTITY.test(value)) return value
  const text = value instanceof NumberLiteral ? value.text : typeof value === 'object' ? '{' : String(value).trim()
  const parsed = text.length > MAX_QUANTITY_LENGTH ? undefined : parseQuantity(text)
  if (!parsed) throw new TypeProblem(`quantities must match the regular expression ${QUANTITY_FORM}`)
  return parsed.toString()
}

const TIME = /^(\d{4})-(\d{2})-(\d{2})T(\d{2}):(\d{2}):(\d{2})(?:[.,](\d+))?(Z|[+-]\d{2}:\d{2})$/
/** As they are written here, on a day that every month has. */
const CANONICAL_TIME = /^\d{4}-(?:0[1-9]|1[0-2])-(?:0[1-9]|1\d|2[0-8])T(?:[01]\d|2[0-3]):[0-5]\d:[0-5]\dZ$/
const CANONICAL_MICRO_TIME = /^\d{4}-(?:0[1-9]|1[0-2])-(?:0[1-9]|1\d|2[0-8])T(?:[01]\d|2[0-3]):[0-5]\d:[0-5]\d\.\d{6}Z$/
const TIME_LAYOUT = ['2006', '-', '01', '-', '02', 'T', '15', ':', '04', ':', '05', 'Z07:00']

/** Kubernetes writes UTC: whole seconds for Time, six digits for MicroTime. */
export function readTime(value: ReadValue, isMicro: boolean): string | null {
  // Inside a list or map, null is the zero time, which is written as null again.
  if (value === null) return null
  if (typeof value !== 'string') throw unmarshalProblem(value, 'string', { struct: '', names: [] })
  if ((isMicro ? CANONICAL_MICRO_TIME : CANONICAL_TIME).test(value)) return value
  const layout = isMicro ? '2006-01-02T15:04:05.000000Z07:00' : '2006-01-02T15:04:05Z07:00'
  const refuse = (why: string) => new TypeProblem(`parsing time ${JSON.stringify(value)}${why}`)
  const match = TIME.exec(value)
  if (!match) throw refuse(` as ${JSON.stringify(layout)}: ${whereTimeFails(value)}`)
  const [month, day, hour, minute, second] = match.slice(2, 7).map(Number) as [number, number, number, number, number]
  if (month < 1 || month > 12) throw refuse(': month out of range')
  if (hour > 23) throw refuse(': hour out of range')
  if (minute > 59) throw refuse(': minute out of range')
  if (second > 59) throw refuse(': second out of range')
  const daysInMonth = new Date(Date.UTC(Number(match[1]), month, 0)).getUTCDate()
  if (day < 1 || day > daysInMonth) throw refuse(': day out of range')
  const [, zone] = [match[7], match[8]!]
  const whole = `${value.slice(0, 19)}${zone}`
  const utc = new Date(whole).toISOString().slice(0, 19)
  return isMicro ? `${utc}.${(match[7] ?? '').padEnd(6, '0').slice(0, 6)}Z` : `${utc}Z`
}

/** Go names the first part of its reference time that the text does not fit. */
function whereTimeFails(text: string): string {
  let rest = text
  for (const part of TIME_LAYOUT) {
    const fits =
      part === 'Z07:00' ? /^(Z|[+-]\d{2}:\d{2})$/ : /^\d/.test(part) ? new RegExp(`^\\d{${part.length}}`) : null
    const length = fits ? fits.exec(rest)?.[0].length : rest.startsWith(part) ? part.length : undefined
    if (length === undefined) return `cannot parse ${JSON.stringify(rest)} as ${JSON.stringify(part)}`
    rest = rest.slice(length)
  }
  return `extra text: ${JSON.stringify(rest)}`
}
