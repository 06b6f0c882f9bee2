// What CEL knows of a value before it sees one, and how JSON becomes such a value.
//
// Integers are big integers to CEL, times and durations are objects, and an object with declared fields is an instance
// of its own class: that is how the library tells `self.replcas` from `self.replicas` before anything runs.
// Upstream: apiserver/pkg/cel/{types,escaping}.go, cel/common/values.go.

import { Duration, UnsignedInt } from '@marcbachmann/cel-js/evaluator'
import { isJsonObject, type JsonValue } from '../apimachinery/json.ts'
import { ownOf } from '../apimachinery/own.ts'
import { entriesOf, hasKey, mapOf, sizeOf, valueAt } from './maps.ts'

export type CelType = Bounds &
  /** Anything; told at run time. Of what may be null, what it is otherwise. */
  (
    | { kind: 'dyn'; unlessNull?: CelType }
    | { kind: 'bool' | 'int' | 'double' | 'string' | 'bytes' | 'timestamp' | 'duration' }
    | { kind: 'list'; items: CelType }
    | { kind: 'map'; values: CelType }
    /**
     * Fields by their JSON names. Those of Kubernetes' own types may be named by words of the language (`request.namespace`);
     * those that a user's schema declares are escaped.
     */
    | { kind: 'object'; fields: Readonly<Record<string, CelType>>; isOwn?: true }
    /** Absent or there: `oldSelf` of a rule with optionalOldSelf. */
    | { kind: 'optional'; of: CelType }
    /** Already a value of CEL, of a type that the library knows by this name. */
    | { kind: 'own'; type: string }
    /** Functions without arguments, asked when their field is looked at. */
    | { kind: 'lazy'; fields: Readonly<Record<string, CelType>> }
  )

/** What a schema says of the size of a value, for the estimate of what an expression costs. */
export interface Bounds {
  /** Characters of a text, elements of a list or a map; 0 where that is no question. */
  most?: number
  /** The fewest bytes that it takes in a request. */
  least?: number
}

export const DYN: CelType = { kind: 'dyn' }

/** Words of the language; a field of such a name is written `__in__`. */
const RESERVED = new Set(
  'true false null in as break const continue else for function if import let loop package namespace return var void while'.split(
    ' ',
  ),
)
const ESCAPES: readonly (readonly [RegExp, string])[] = [
  [/__/g, '__underscores__'],
  [/\./g, '__dot__'],
  [/-/g, '__dash__'],
  [/\//g, '__slash__'],
]

export const fieldName = (type: CelType & { kind: 'object' | 'lazy' }, field: string): string | undefined =>
  type.kind === 'lazy' || type.isOwn ? field : celName(field)

/** A field's name in an expression; undefined when no expression can name it. */
export function celName(field: string): string | undefined {
  if (RESERVED.has(field)) return `__${field}__`
  const escaped = ESCAPES.reduce((text, [pattern, by]) => text.replace(pattern, by), field)
  return /^[A-Za-z_][A-Za-z0-9_]*$/.test(escaped) ? escaped : undefined
}

/** An object with declared fields; each type has a class derived from it. */
export class CelObject {
  readonly [field: string]: unknown
}
// A field named `toString` that is not there is not that of all objects.
Object.setPrototypeOf(CelObject.prototype, null)

export type ObjectClasses = ReadonlyMap<CelType, typeof CelObject>

export function toCel(type: CelType, value: JsonValue, classes: ObjectClasses): unknown {
  if (value === null) return null
  switch (type.kind) {
    case 'int':
      return typeof value === 'number' ? BigInt(Math.trunc(value)) : value
    case 'double':
      return typeof value === 'bigint' ? Number(value) : value
    case 'bytes':
      return typeof value === 'string' ? Buffer.from(value, 'base64') : value
    case 'timestamp':
      return typeof value === 'string' ? new Date(value) : value
    case 'duration':
      return typeof value === 'string' ? parseDuration(value) : value
    case 'list':
      return Array.isArray(value) ? value.map((item) => toCel(type.items, item, classes)) : value
    case 'map':
      return isJsonObject(value)
        ? mapOf(Object.entries(value).map(([key, inner]) => [key, toCel(type.values, inner, classes)]))
        : value
    case 'object':
      return isJsonObject(value) ? toObject(type, value, classes) : value
    case 'optional':
      return toCel(type.of, value, classes)
    case 'dyn':
      return untyped(value)
    case 'lazy':
      return toLazy(type, value as unknown as LazyFields, classes)
    default:
      return value
  }
}

function toObject(
  type: CelType & { kind: 'object' },
  value: Readonly<Record<string, JsonValue>>,
  classes: ObjectClasses,
) {
  const object = new (classes.get(type) ?? CelObject)() as Record<string, unknown>
  for (const [field, inner] of Object.entries(value)) {
    const name = fieldName(type, field)
    const declared = Object.hasOwn(type.fields, field) ? type.fields[field] : undefined
    if (name && declared) object[name] = toCel(declared, inner, classes)
  }
  return object
}

export type LazyFields = Readonly<Record<string, () => unknown>>

function toLazy(type: CelType & { kind: 'lazy' }, readers: LazyFields, classes: ObjectClasses): CelObject {
  const object = new (classes.get(type) ?? CelObject)()
  for (const field of Object.keys(type.fields)) {
    const get = ownOf(readers, field)
    if (get) Object.defineProperty(object, field, { enumerable: true, get })
  }
  return object
}

function untyped(value: JsonValue): unknown {
  if (typeof value === 'number') return Number.isSafeInteger(value) ? BigInt(value) : value
  if (Array.isArray(value)) return value.map(untyped)
  if (!isJsonObject(value)) return value
  return mapOf(Object.entries(value).map(([key, inner]) => [key, untyped(inner)]))
}

const NANOS: Readonly<Record<string, number>> = { ns: 1, us: 1e3, µs: 1e3, ms: 1e6, s: 1e9, m: 60e9, h: 3600e9 }

/** As Go writes them: `1h30m`, `1.5s`. */
function parseDuration(text: string): Duration {
  const sign = text.startsWith('-') ? -1 : 1
  let nanos = 0
  for (const [, amount, unit] of text.matchAll(/(\d+(?:\.\d*)?|\.\d+)(ns|us|µs|ms|s|m|h)/g)) {
    nanos += Number(amount) * NANOS[unit ?? 's']!
  }
  return Duration.fromMilliseconds((sign * nanos) / 1e6)
}

/** Equality of two values of CEL, all the way down. */
export const celEquals = (a: unknown, b: unknown): boolean => equalTelling(a, b)

/** Shorter texts are compared in no time. */
const LONG = 100

/** The same; tells how long all is that it compares: elements of lists and maps, characters of long texts. */
export function equalTelling(a: unknown, b: unknown, tell?: (length: number) => void): boolean {
  if (tell && typeof a === 'string' && typeof b === 'string' && a.length === b.length && a.length > LONG) tell(a.length)
  if (a === b) return true
  if (a instanceof UnsignedInt) return equalTelling(a.valueOf(), b, tell)
  if (b instanceof UnsignedInt) return equalTelling(a, b.valueOf(), tell)
  if (a instanceof Date && b instanceof Date) return a.getTime() === b.getTime()
  if (a instanceof Duration && b instanceof Duration) return a.seconds === b.seconds && a.nanos === b.nanos
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null) {
    const isMixed = (typeof a === 'bigint' && typeof b === 'number') || (typeof a === 'number' && typeof b === 'bigint')
    return isMixed && Number(a) === Number(b)
  }
  if (Array.isArray(a) !== Array.isArray(b)) return false
  const left = entriesOf(a)
  if (left.length !== sizeOf(b)) return false
  tell?.(left.length)
  return left.every(([key, value]) => hasKey(b, key) && equalTelling(value, valueAt(b, key), tell))
}
