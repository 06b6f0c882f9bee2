// A JSON reader that tells what JSON.parse hides: fields given twice, and how a number was written.
//
// The server must warn of `replicas: 1, replicas: 3`, refuse `1.0` where an integer is due, and keep `0.10` of a
// quantity exact. Errors are worded as Go's encoding/json words them, since that is what people find when they search.

import { type JsonObject, type JsonValue, jsonNumber } from '../apimachinery/json.ts'
import { badRequest } from '../apimachinery/status-error.ts'

/** A number not written as a plain integer of a few digits: `1.0`, `1e3`, `9007199254740993`. */
export class NumberLiteral {
  readonly text: string
  constructor(text: string) {
    this.text = text
  }
}

export type ReadValue = JsonValue | NumberLiteral

export interface ReadJson {
  /** May hold NumberLiterals in the place of numbers; plainJson() makes them numbers. */
  value: ReadValue
  /** Paths given twice, `spec.containers[0].image`; the last one counts. */
  duplicates: string[]
}

/** Deeper than any Kubernetes object, shallower than the stack. */
const MAX_DEPTH = 1_000

export function readJson(text: string): ReadJson {
  const reader = new JsonReader(text)
  return { value: reader.read(), duplicates: reader.duplicates }
}

/** The path of every key in the order of the text; of one that is given twice, twice. */
export function keysInOrder(text: string): string[] {
  const keys: string[] = []
  new JsonReader(text, (path) => void keys.push(path)).read()
  return keys
}

/** Numbers as numbers, all the way down. */
export function plainJson(value: ReadValue): JsonValue {
  if (value instanceof NumberLiteral) return numberOf(value.text)
  if (Array.isArray(value)) return value.map(plainJson)
  if (typeof value !== 'object' || value === null) return value
  const plain: JsonObject = {}
  for (const [key, inner] of Object.entries(value)) setOwn(plain, key, plainJson(inner))
  return plain
}

function numberOf(text: string): number | bigint {
  const number = jsonNumber(text)
  if (Math.abs(Number(number)) < Number.POSITIVE_INFINITY) return number
  throw badRequest(`json: cannot unmarshal number ${text} into Go value of type float64`)
}

export function setOwn(object: JsonObject, key: string, value: ReadValue): void {
  if (key === '__proto__') {
    Object.defineProperty(object, key, { value, enumerable: true, configurable: true, writable: true })
  } else {
    object[key] = value as JsonValue
  }
}

const NUMBER = /-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?/y
// biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what JSON forbids in strings
const NOT_PLAIN = /[\\\u0000-\u001f]/
const PLAIN_INTEGER = /^-?\d{1,15}$/
const ESCAPES: Record<string, string> = { b: '\b', f: '\f', n: '\n', r: '\r', t: '\t', '"': '"', '\\': '\\', '/': '/' }

class JsonReader {
  readonly duplicates: string[] = []
  readonly #text: string
  readonly #path: (string | number)[] = []
  readonly #onKey: ((path: string) => void) | undefined
  #at = 0

  constructor(text: string, onKey?: (path: string) => void) {
    this.#text = text
    this.#onKey = onKey
  }

  read(): ReadValue {
    const value = this.#value()
    this.#skipSpace()
    if (this.#at < this.#text.length) throw this.#unexpected('after top-level value')
    return value
  }

  #value(): ReadValue {
    this.#skipSpace()
    switch (this.#text[this.#at]) {
      case '{':
        return this.#object()
      case '[':
        return this.#array()
      case '"':
        return this.#string()
      case 't':
        return this.#word('true', true)
      case 'f':
        return this.#word('false', false)
      case 'n':
        return this.#word('null', null)
      default:
        return this.#number()
    }
  }

  #object(): JsonObject {
    if (this.#path.length > MAX_DEPTH) throw this.#unexpected('exceeded max depth')
    const object: JsonObject = {}
    this.#at++
    this.#skipSpace()
    if (this.#take('}')) return object
    for (;;) {
      this.#skipSpace()
      if (this.#text[this.#at] !== '"') throw this.#unexpected('looking for beginning of object key string')
      const key = this.#string()
      this.#skipSpace()
      if (!this.#take(':')) throw this.#unexpected('after object key')
      this.#path.push(key)
      this.#onKey?.(pathText(this.#path))
      if (Object.hasOwn(object, key)) this.#noteDuplicate()
      setOwn(object, key, this.#value())
      this.#path.pop()
      this.#skipSpace()
      if (this.#take('}')) return object
      if (!this.#take(',')) throw this.#unexpected('after object key:value pair')
    }
  }

  #array(): JsonValue[] {
    if (this.#path.length > MAX_DEPTH) throw this.#unexpected('exceeded max depth')
    const array: ReadValue[] = []
    this.#at++
    this.#skipSpace()
    if (this.#take(']')) return array as JsonValue[]
    for (;;) {
      this.#path.push(array.length)
      array.push(this.#value())
      this.#path.pop()
      this.#skipSpace()
      if (this.#take(']')) return array as JsonValue[]
      if (!this.#take(',')) throw this.#unexpected('after array element')
    }
  }

  #string(): string {
    const start = ++this.#at
    // Nearly every string has neither escapes nor control characters: one native search and one slice.
    const end = this.#text.indexOf('"', start)
    const plain = end < 0 ? undefined : this.#text.slice(start, end)
    if (plain !== undefined && !NOT_PLAIN.test(plain)) {
      this.#at = end + 1
      return plain
    }
    let text = ''
    let from = start
    for (;;) {
      const code = this.#text.charCodeAt(this.#at)
      if (code === 0x22) {
        text += this.#text.slice(from, this.#at++)
        // Half a character, which only an escape can write, is none.
        return text.toWellFormed()
      }
      if (Number.isNaN(code)) throw badRequest('unexpected end of JSON input')
      if (code < 0x20) throw this.#unexpected('in string literal')
      if (code !== 0x5c) {
        this.#at++
        continue
      }
      text += this.#text.slice(from, this.#at++)
      text += this.#escape()
      from = this.#at
    }
  }

  #escape(): string {
    const letter = this.#text[this.#at]
    if (letter === 'u') {
      const hex = this.#text.slice(this.#at + 1, this.#at + 5)
      if (!/^[0-9a-fA-F]{4}$/.test(hex)) throw this.#unexpected('in \\u hexadecimal character escape')
      this.#at += 5
      return String.fromCharCode(Number.parseInt(hex, 16))
    }
    const escaped = letter === undefined ? undefined : ESCAPES[letter]
    if (escaped === undefined) throw this.#unexpected('in string escape code')
    this.#at++
    return escaped
  }

  #number(): ReadValue {
    NUMBER.lastIndex = this.#at
    const text = NUMBER.exec(this.#text)?.[0]
    if (text === undefined) throw this.#unexpected('looking for beginning of value')
    this.#at += text.length
    return PLAIN_INTEGER.test(text) ? Number(text) : new NumberLiteral(text)
  }

  #word<T extends boolean | null>(word: string, value: T): T {
    for (const letter of word) {
      if (!this.#take(letter)) throw this.#unexpected(`in literal ${word} (expecting '${letter}')`)
    }
    return value
  }

  #take(character: string): boolean {
    if (this.#text[this.#at] !== character) return false
    this.#at++
    return true
  }

  #skipSpace(): void {
    for (;;) {
      const code = this.#text.charCodeAt(this.#at)
      if (code !== 0x20 && code !== 0x0a && code !== 0x0d && code !== 0x09) return
      this.#at++
    }
  }

  #noteDuplicate(): void {
    const path = pathText(this.#path)
    if (!this.duplicates.includes(path)) this.duplicates.push(path)
  }

  #unexpected(where: string) {
    const character = this.#text[this.#at]
    if (character === undefined) return badRequest('unexpected end of JSON input')
    const shown = character === "'" ? "'\\''" : `'${JSON.stringify(character).slice(1, -1).replace('\\"', '"')}'`
    return badRequest(`invalid character ${shown} ${where}`)
  }
}

/** `spec.containers[0].image` */
export function pathText(path: readonly (string | number)[]): string {
  let text = ''
  for (const step of path) text += typeof step === 'number' ? `[${step}]` : text ? `.${step}` : step
  return text
}
