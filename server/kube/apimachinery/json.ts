// JSON as Kubernetes knows it: a whole number of 64 bits stays whole, any other number is a double.
//
// A whole number that a double cannot hold is a bigint here, and no other number is one: equal numbers are equal by `===`.
// Upstream: sigs.k8s.io/json PreserveInts.

import { isDeeperThan } from './deep.ts'

export type JsonPrimitive = string | number | bigint | boolean | null
export type JsonValue = JsonPrimitive | JsonObject | JsonValue[]
export interface JsonObject {
  [key: string]: JsonValue
}

declare global {
  interface BigInt {
    toJSON(): unknown
  }
  interface JSON {
    rawJSON(text: string): unknown
  }
}

/** JSON.stringify asks this of a bigint, and refuses one that has no answer. */
BigInt.prototype.toJSON = function toJSON(this: bigint) {
  return JSON.rawJSON(String(this))
}

export function isJsonObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** Plain assignment would call the setter of `__proto__`, a key a hostile patch may well contain. */
export function setOwn(object: JsonObject, name: string, value: JsonValue): void {
  Object.defineProperty(object, name, { value, enumerable: true, configurable: true, writable: true })
}

/** As Go's decoder names what it has found. */
export function goKindOf(value: unknown): string {
  if (Array.isArray(value)) return 'array'
  if (typeof value === 'boolean') return 'bool'
  return isJsonNumber(value) ? 'number' : typeof value
}

export const isJsonNumber = (value: unknown): value is number | bigint =>
  typeof value === 'number' || typeof value === 'bigint'

/** What Go keeps as an int64; another number is a double. */
export const isInt64 = (value: unknown): value is number | bigint =>
  typeof value === 'bigint' || Number.isSafeInteger(value)

/** As int64, if `text` is written as one that fits, else as a double: Infinity, for what is too large for that. */
export function jsonNumber(text: string): number | bigint {
  const number = Number(text)
  return Number.isInteger(number) && !isInt64(number) && /^-?\d+$/.test(text) ? int64Of(BigInt(text)) : number
}

const MOST = 2n ** 63n

/** A double for what 64 bits do not hold, as Go makes of it. */
export function int64Of(value: bigint): number | bigint {
  const number = Number(value)
  return isInt64(number) || value >= MOST || value < -MOST ? number : value
}

/** For readers in a browser, to whom long numbers go as their digits. What has none is handed back as it is. */
export function withDigits<T>(value: T): T {
  if (typeof value === 'bigint') return String(value) as T
  if (typeof value !== 'object' || value === null) return value
  let changed: Record<string, unknown> | undefined
  for (const [key, inner] of Object.entries(value)) {
    const shown = withDigits(inner)
    if (shown === inner) continue
    changed ??= (Array.isArray(value) ? [...value] : { ...value }) as Record<string, unknown>
    changed[key] = shown
  }
  return (changed ?? value) as T
}

/** JSON.parse, which rounds long numbers, and takes six times as long where it is asked not to. */
export function parseJson(text: string): JsonValue {
  return (hasLongNumber(text) ? JSON.parse(text, keepWhole) : JSON.parse(text)) as JsonValue
}

const keepWhole = (_key: string, value: unknown, { source = '' }: { source?: string } = {}) =>
  typeof value === 'number' ? jsonNumber(source) : value

/** Deeper than that JSON.stringify is slow: it compares all that it enters with all that is around it. */
const SHALLOW = 100

export function writeJson(value: unknown): string {
  if (!isDeeperThan(value, SHALLOW)) return JSON.stringify(value)
  const pieces: string[] = []
  writeTo(pieces, value)
  return pieces.join('')
}

function writeTo(pieces: string[], value: unknown): void {
  if (typeof value !== 'object' || value === null) {
    pieces.push(JSON.stringify(value) ?? 'null')
    return
  }
  const isList = Array.isArray(value)
  let separator = isList ? '[' : '{'
  for (const [key, inner] of Object.entries(value)) {
    if (!isList && inner === undefined) continue
    pieces.push(isList ? separator : `${separator}${JSON.stringify(key)}:`)
    writeTo(pieces, inner)
    separator = ','
  }
  pieces.push(separator === ',' ? '' : separator, isList ? ']' : '}')
}

const LONG = 16

/** Are there so many digits in a row? A look at every sixteenth character says it, if there are not. */
function hasLongNumber(text: string): boolean {
  for (let at = LONG - 1; at < text.length; at += LONG) {
    if (!isDigit(text, at)) continue
    let [from, to] = [at, at]
    while (isDigit(text, from - 1)) from--
    while (isDigit(text, to + 1)) to++
    if (to - from >= LONG - 1) return true
  }
  return false
}

function isDigit(text: string, at: number): boolean {
  const code = text.charCodeAt(at)
  return code >= 48 && code <= 57
}
