// Texts, counted in whole characters, and regular expressions, which are RE2's: they take linear time whatever the pattern.
// Upstream: cel-go/ext/strings.go in version 2, apiserver/pkg/cel/library/regex.go.

import type { Environment } from '@marcbachmann/cel-js'
import { RE2JS } from 're2js'
import { format } from './format-text.ts'
import { ownName } from './own-names.ts'

const matches = (text: string, pattern: string) => RE2JS.compile(pattern).matcher(text).find()

const METHODS: Readonly<Record<string, (text: string, ...given: never[]) => unknown>> = {
  'matches(string): bool': matches,
  'find(string): string': (text, pattern: string) => found(text, pattern, 1)[0] ?? '',
  'findAll(string): list<string>': (text, pattern: string) => found(text, pattern),
  'findAll(string, int): list<string>': (text, pattern: string, most: bigint) =>
    found(text, pattern, most < 0n ? undefined : Number(most)),
  'charAt(int): string': (text, at: bigint) => {
    const characters = [...text]
    return characters[inside(characters, at)] ?? ''
  },
  'indexOf(string): int': (text, part: string) => indexOf(text, part, 0n),
  'indexOf(string, int): int': indexOf,
  'lastIndexOf(string): int': (text, part: string) => {
    const length = BigInt([...text].length)
    return part === '' ? length : length === 0n ? -1n : lastIndexOf(text, part, length - 1n)
  },
  'lastIndexOf(string, int): int': lastIndexOf,
  'substring(int): string': (text, from: bigint) => {
    const characters = [...text]
    return characters.slice(inside(characters, from)).join('')
  },
  'substring(int, int): string': (text, from: bigint, to: bigint) => {
    if (from > to) throw new Error(`invalid substring range. start: ${from}, end: ${to}`)
    const characters = [...text]
    return characters.slice(inside(characters, from), inside(characters, to)).join('')
  },
  'split(string): list<string>': (text, by: string) => split(text, by),
  'split(string, int): list<string>': (text, by: string, most: bigint) => {
    const parts = split(text, by)
    if (most < 0n || parts.length <= most) return parts
    return most === 0n ? [] : [...parts.slice(0, Number(most) - 1), parts.slice(Number(most) - 1).join(by)]
  },
  'lowerAscii(): string': (text) => text.replace(/[A-Z]+/g, (letters) => letters.toLowerCase()),
  'upperAscii(): string': (text) => text.replace(/[a-z]+/g, (letters) => letters.toUpperCase()),
  'replace(string, string): string': (text, from: string, to: string) => replace(text, from, to),
  'replace(string, string, int): string': (text, from: string, to: string, most: bigint) =>
    replace(text, from, to, most < 0n ? undefined : Number(most)),
  'format(list): string': format,
}

const ESCAPES: Readonly<Record<string, string>> = {
  '\x07': '\\a',
  '\b': '\\b',
  '\f': '\\f',
  '\n': '\\n',
  '\r': '\\r',
  '\t': '\\t',
  '\v': '\\v',
  '\\': '\\\\',
  '"': '\\"',
}

export function addStrings(environment: Environment): void {
  const sync = { async: false }
  class Strings {}
  environment
    .registerFunction(`${ownName('matches')}(string, string): bool`, matches, sync)
    .registerType('kubernetes.Strings', Strings)
    .registerConstant('strings', 'kubernetes.Strings', new Strings())
    .registerFunction(
      'kubernetes.Strings.quote(string): string',
      (_: Strings, text: string) => `"${[...text].map((character) => ESCAPES[character] ?? character).join('')}"`,
      sync,
    )
  for (const [signature, method] of Object.entries(METHODS)) {
    const own = signature.replace(/^\w+/, ownName)
    environment.registerFunction(`string.${own}`, method as never, sync)
  }
}

function found(text: string, pattern: string, most = Number.POSITIVE_INFINITY): string[] {
  const matcher = RE2JS.compile(pattern).matcher(text)
  const parts: string[] = []
  while (parts.length < most && matcher.find()) parts.push(matcher.group() ?? '')
  return parts
}

/** A place in a text, its end included. */
function inside(characters: readonly string[], at: bigint): number {
  if (at < 0n || at > BigInt(characters.length)) throw new Error(`index out of range: ${at}`)
  return Number(at)
}

function indexOf(text: string, part: string, from: bigint): bigint {
  if (part === '') return from
  if (from < 0n) throw new Error(`index out of range: ${from}`)
  const [characters, wanted] = [[...text], [...part]]
  for (let at = Number(from); at <= characters.length - wanted.length; at++)
    if (isAt(characters, wanted, at)) return BigInt(at)
  return -1n
}

function lastIndexOf(text: string, part: string, from: bigint): bigint {
  if (part === '') return from
  if (from < 0n) throw new Error(`index out of range: ${from}`)
  const [characters, wanted] = [[...text], [...part]]
  if (from >= BigInt(characters.length)) return -1n
  for (let at = Math.min(Number(from), characters.length - wanted.length); at >= 0; at--) {
    if (isAt(characters, wanted, at)) return BigInt(at)
  }
  return -1n
}

const isAt = (characters: readonly string[], wanted: readonly string[], at: number) =>
  wanted.every((character, offset) => characters[at + offset] === character)

const split = (text: string, by: string): string[] => (by === '' ? [...text] : text.split(by))

/** Between all characters, before them and after them, where what is replaced is nothing. */
function replace(text: string, from: string, to: string, most = Number.POSITIVE_INFINITY): string {
  const parts = from === '' ? ['', ...text, ''] : text.split(from)
  const kept = parts.slice(0, most + 1)
  return [kept.join(to), ...parts.slice(most + 1)].join(from)
}
