// A JSON reader that tells what JSON.parse hides: fields given twice, and how a number was written.
//
// The server must warn of `replicas: 1, replicas: 3`, refuse `1.0` where an integer is due, and keep `0.10` of a
// quantity exact. Errors are worded as Go's encoding/json words them, since that is what people find when they search.

import { isDeeperThan } from '../apimachinery/deep.ts'
import { MOST_LEVELS } from '../apimachinery/depth.ts'
import { type JsonObject, type JsonValue, jsonNumber } from '../apimachinery/json.ts'
import { badRequest } from '../apimachinery/status-error.ts'
import { textFindings } from '../apimachinery/told.ts'

/** A number not written as a plain integer of a few digits: `1.0`, `1e3`, `9007199254740993`. */
export class NumberLiteral {
  readonly text: string
  constructor(text: string) {
    this.text = text
  }
}

export type ReadValue = JsonValue | NumberLiteral

export interface ReadJson<V extends ReadValue = ReadValue> {
  /** May hold NumberLiterals in the place of numbers; plainJson() makes them numbers. */
  value: V
  /** Paths given twice, `spec.containers[0].image`; the last one counts. */
  duplicates: string[]
  /** How many levels it has. */
  depth: number
}

/** More are not told of: Go's limit. */
export const MOST_PROBLEMS = 100

/** Words of Go's decoder for what cannot be taken; become the end of a BadRequest's message. */
export class TypeProblem extends Error {
  override readonly name = 'TypeProblem'
}

export const tooDeep = () => new TypeProblem('exceeded max depth')

export function readJson(text: string): ReadJson {
  const reader = new JsonReader(text, (number) => new NumberLiteral(number))
  return { value: reader.read(), duplicates: reader.duplicates.all, depth: reader.depth }
}

/** Of what no type says more: numbers are numbers. */
export function readPlainJson(text: string): ReadJson<JsonValue> {
  const reader = new JsonReader(text, numberOf)
  return { value: reader.read() as JsonValue, duplicates: reader.duplicates.all, depth: reader.depth }
}

/** Those of the paths that are keys, in the order of the text; of one that is given twice, twice. */
export function keysInOrder(text: string, paths: ReadonlySet<string>): string[] {
  const keys: string[] = []
  new JsonReader(text, Number, (path) => void (paths.has(path) && keys.push(path))).read()
  return keys
}

/** Numbers as numbers, all the way down. */
export function plainJson(value: ReadValue, levels: number): JsonValue {
  if (isDeeperThan(value, levels)) throw tooDeep()
  return plain(value)
}

function plain(value: ReadValue): JsonValue {
  if (value instanceof NumberLiteral) return numberOf(value.text)
  if (Array.isArray(value)) return value.map(plain)
  if (typeof value !== 'object' || value === null) return value
  const object: JsonObject = {}
  for (const [key, inner] of Object.entries(value)) setOwn(object, key, plain(inner))
  return object
}

function numberOf(text: string): number | bigint {
  const number = jsonNumber(text)
  if (Math.abs(Number(number)) < Number.POSITIVE_INFINITY) return number
  throw new TypeProblem(`json: cannot unmarshal number ${text} into Go value of type float64`)
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

type ReadNumber = (text: string) => number | bigint | NumberLiteral

class JsonReader {
  readonly duplicates = textFindings(MOST_PROBLEMS)
  /** Of the deepest place so far. */
  depth = 0
  readonly #text: string
  readonly #numberOf: ReadNumber
  readonly #path: (string | number)[] = []
  readonly #noted = new Map<JsonObject, Set<string>>()
  readonly #onKey: ((path: string) => void) | undefined
  #at = 0

  constructor(text: string, numberOf: ReadNumber, onKey?: (path: string) => void) {
    this.#text = text
    this.#numberOf = numberOf
    this.#onKey = onKey
  }

  read(): ReadValue {
    const value = this.#document()
    this.#skipSpace()
    if (this.#at < this.#text.length) throw this.#unexpected('after top-level value')
    return value
  }

  /** Not by calls: a body may be nested deeper than the stack is. */
  #document(): ReadValue {
    const open: (JsonObject | ReadValue[])[] = []
    for (;;) {
      this.#skipSpace()
      const first = this.#text[this.#at]
      let value: ReadValue
      if (first === '{' || first === '[') {
        if (open.length === MOST_LEVELS) throw this.#unexpected('exceeded max depth')
        this.depth = Math.max(this.depth, open.length + 1)
        const inner: JsonObject | ReadValue[] = first === '{' ? {} : []
        this.#at++
        this.#skipSpace()
        if (!this.#take(first === '{' ? '}' : ']')) {
          open.push(inner)
          this.#path.push(Array.isArray(inner) ? 0 : this.#key(inner))
          continue
        }
        value = inner as JsonValue
      } else value = this.#scalar(first)
      // What is whole goes into what is around it, which may be whole by that.
      for (;;) {
        const around = open.at(-1)
        if (!around) return value
        const step = this.#path.pop()!
        const isList = Array.isArray(around)
        if (isList) around.push(value)
        else setOwn(around, step as string, value)
        this.#skipSpace()
        if (this.#take(',')) {
          this.#path.push(isList ? around.length : this.#key(around))
          break
        }
        if (!this.#take(isList ? ']' : '}')) {
          throw this.#unexpected(isList ? 'after array element' : 'after object key:value pair')
        }
        open.pop()
        value = around as JsonValue
      }
    }
  }

  #key(object: JsonObject): string {
    this.#skipSpace()
    if (this.#text[this.#at] !== '"') throw this.#unexpected('looking for beginning of object key string')
    const key = this.#string()
    this.#skipSpace()
    if (!this.#take(':')) throw this.#unexpected('after object key')
    this.#onKey?.(pathText([...this.#path, key]))
    if (Object.hasOwn(object, key)) this.#noteDuplicate(object, key)
    return key
  }

  #scalar(first: string | undefined): ReadValue {
    switch (first) {
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
    return PLAIN_INTEGER.test(text) ? Number(text) : this.#numberOf(text)
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

  /** Names are as long as places are deep: one is not made again for each time that a key stands there. */
  #noteDuplicate(object: JsonObject, key: string): void {
    if (this.duplicates.areEnough) return
    const noted = this.#noted.get(object) ?? new Set()
    if (noted.has(key)) return
    this.#noted.set(object, noted.add(key))
    const path = pathText([...this.#path, key])
    if (!this.duplicates.all.includes(path)) this.duplicates.add(path)
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
