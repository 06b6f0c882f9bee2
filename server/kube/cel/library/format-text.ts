// `'%s has %d'.format([self.name, self.replicas])`. Upstream: cel-go/ext/formatting.go.

import { Duration, UnsignedInt } from '@marcbachmann/cel-js/evaluator'
import { CelObject } from '../cel-type.ts'
import { type Charge, WALKED } from '../cost.ts'
import { entriesOf, isMap } from '../maps.ts'

export function format(pattern: string, values: unknown[], charge: Charge): string {
  let next = 0
  charge(pattern.length * WALKED)
  return pattern.replace(/%(?:\.(\d+))?(.)?/gs, (_, precision: string | undefined, verb: string | undefined) => {
    if (verb === '%') return '%'
    if (verb === undefined) throw new Error('unexpected end of string')
    if (!Object.hasOwn(VERBS, verb))
      throw new Error(`could not parse formatting clause: unrecognized formatting clause "${verb}"`)
    if (next >= values.length) throw new Error(`index ${next} out of range`)
    chargeWhole(values[next], charge)
    return VERBS[verb]!(values[next++], precision === undefined ? 6 : Number(precision))
  })
}

/** The same list may stand many times in another, and that in a third: what is written out may be far longer than both. */
function chargeWhole(value: unknown, charge: Charge): void {
  if (typeof value === 'string') charge(value.length * WALKED)
  else if (value instanceof Uint8Array) charge(value.length * WALKED)
  else if (Array.isArray(value) || isPlain(value)) {
    for (const [key, inner] of entriesOf(value)) {
      charge((1 + key.length) * WALKED)
      chargeWhole(inner, charge)
    }
  }
}

const VERBS: Readonly<Record<string, (value: unknown, precision: number) => string>> = {
  s: shown,
  d: (value) => String(whole(value, 'decimal clause can only be used on integers')),
  f: (value, precision) =>
    fractional(value, 'fixed-point clause can only be used on doubles', (number) => decimal(number, precision)),
  e: (value, precision) =>
    fractional(value, 'scientific clause can only be used on doubles', (number) => scientific(number, precision)),
  b: (value) =>
    typeof value === 'boolean'
      ? String(Number(value))
      : whole(value, 'only integers and bools can be formatted as binary').toString(2),
  x: hex,
  X: (value) => hex(value).toUpperCase(),
  o: (value) => whole(value, 'octal clause can only be used on integers').toString(8),
}

const wrong = (rule: string, value: unknown) =>
  new Error(`error during formatting: ${rule}, was given ${typeOf(value)}`)

function whole(value: unknown, rule: string): bigint {
  if (typeof value === 'bigint') return value
  if (value instanceof UnsignedInt) return value.valueOf()
  throw wrong(rule, value)
}

function fractional(value: unknown, rule: string, write: (number: number) => string): string {
  if (value === 'NaN' || value === 'Infinity' || value === '-Infinity') return VERY[value]
  if (typeof value !== 'number') throw wrong(rule, value)
  return Number.isFinite(value) ? write(value) : VERY[String(value) as keyof typeof VERY]
}

const decimal = (number: number, precision: number) =>
  number.toLocaleString('en-US', { minimumFractionDigits: precision, maximumFractionDigits: precision })

const VERY = { NaN: 'NaN', Infinity: '∞', '-Infinity': '-∞' }

/** As a person writes it: `2.718280×10⁰⁰`. */
function scientific(number: number, precision: number): string {
  const [digits = '', exponent = ''] = number.toExponential(precision).split('e')
  const power = exponent.replace(/^([+-])(\d)$/, '$10$2').replace('+', '')
  return `${digits}×10${[...power].map((character) => SUPERSCRIPTS[character]).join('')}`
}
const SUPERSCRIPTS: Readonly<Record<string, string>> = Object.fromEntries(
  [...'0123456789-'].map((character, at) => [character, [...'⁰¹²³⁴⁵⁶⁷⁸⁹⁻'][at]!]),
)

function hex(value: unknown): string {
  if (typeof value === 'string') return Buffer.from(value).toString('hex')
  if (value instanceof Uint8Array) return Buffer.from(value).toString('hex')
  return whole(value, 'only integers, byte buffers, and strings can be formatted as hex').toString(16)
}

function shown(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(nested).join(', ')}]`
  if (value instanceof Date) return value.toISOString().replace('.000Z', 'Z')
  if (value instanceof Uint8Array) return Buffer.from(value).toString()
  if (isPlain(value)) {
    const entries = entriesOf(value).map(([key, inner]) => `${JSON.stringify(key)}:${nested(inner)}`)
    return `{${entries.sort().join(', ')}}`
  }
  if (typeof value === 'object' && value !== null && !(value instanceof Duration) && !(value instanceof UnsignedInt)) {
    const name = (value as { name?: unknown }).name
    if (typeof name === 'string') return name
    throw wrong(
      'string clause can only be used on strings, bools, bytes, ints, doubles, maps, lists, types, durations, and timestamps',
      value,
    )
  }
  return String(value)
}

/** In lists and maps values are written as the language writes them. */
function nested(value: unknown): string {
  if (typeof value === 'string') return JSON.stringify(value)
  if (value instanceof Uint8Array) return `b${JSON.stringify(Buffer.from(value).toString())}`
  if (value instanceof Date) return `timestamp("${shown(value)}")`
  if (value instanceof Duration) return `duration("${value}")`
  return typeof value === 'number' ? value.toFixed(6) : shown(value)
}

const isPlain = (value: unknown): value is object => value instanceof CelObject || isMap(value)

function typeOf(value: unknown): string {
  if (value === null) return 'null_type'
  if (Array.isArray(value)) return 'list'
  if (value instanceof Date) return 'google.protobuf.Timestamp'
  if (value instanceof Duration) return 'google.protobuf.Duration'
  if (value instanceof Uint8Array) return 'bytes'
  if (value instanceof UnsignedInt) return 'uint'
  return (
    { bigint: 'int', number: 'double', boolean: 'bool' }[typeof value as string] ??
    (isPlain(value) ? 'map' : typeof value)
  )
}
