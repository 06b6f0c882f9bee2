// Texts, counted in whole characters, and regular expressions, which are RE2's: they take linear time whatever the pattern.
// What makes a text far longer than what it is made of is charged before.
// Upstream: cel-go/ext/strings.go in version 2, apiserver/pkg/cel/library/regex.go.

import type { Environment } from '@marcbachmann/cel-js'
import { Patterns, stepsOf } from '../../schemas/structural/patterns.ts'
import { type Charge, WALKED } from '../cost.ts'
import { format } from './format-text.ts'
import { chargeTexts } from './order.ts'
import { ownName } from './own-names.ts'
import { hasPart, placesOf, splitBy } from './places-in-text.ts'

type Matcher = ReturnType<ReturnType<Patterns['compile']>['pattern']['matcher']>
type MatcherOf = (text: string, pattern: string) => Matcher
/** A pattern is about a quarter as many states as characters. */
const STATES = 0.25
/** A step of a pattern takes as long to compile as this many others. */
const COMPILED = 3

const methodsOf = ({
  charge,
  matcher,
}: {
  charge: Charge
  matcher: MatcherOf
}): Readonly<Record<string, (text: string, ...given: never[]) => unknown>> => ({
  'matches(string): bool': (text, pattern: string) => matcher(text, pattern).find(),
  'find(string): string': (text, pattern: string) => found(matcher(text, pattern), 1)[0] ?? '',
  'findAll(string): list<string>': (text, pattern: string) => found(matcher(text, pattern)),
  'findAll(string, int): list<string>': (text, pattern: string, most: bigint) =>
    found(matcher(text, pattern), most < 0n ? undefined : Number(most)),
  'contains(string): bool': hasPart,
  'charAt(int): string': (text, at: bigint) => {
    walk(text, charge)
    if (at < 0n) throw outside(at)
    let left = at
    for (const character of text) if (left-- === 0n) return character
    if (left > 0n) throw outside(at)
    return ''
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
  'split(string): list<string>': (text, by: string) => splitBy(text, by),
  'split(string, int): list<string>': (text, by: string, most: bigint) => {
    const parts = splitBy(text, by)
    if (most < 0n || parts.length <= most) return parts
    return most === 0n ? [] : [...parts.slice(0, Number(most) - 1), parts.slice(Number(most) - 1).join(by)]
  },
  'lowerAscii(): string': (text) => {
    walk(text, charge)
    return text.replace(/[A-Z]+/g, (letters) => letters.toLowerCase())
  },
  'upperAscii(): string': (text) => {
    walk(text, charge)
    return text.replace(/[a-z]+/g, (letters) => letters.toUpperCase())
  },
  'replace(string, string): string': (text, from: string, to: string) => replace(text, { from, to, charge }),
  'replace(string, string, int): string': (text, from: string, to: string, most: bigint) =>
    replace(text, { from, to, most: most < 0n ? undefined : Number(most), charge }),
  'format(list): string': (text, values: unknown[]) => format(text, values, charge),
})

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

export function addStrings(environment: Environment, charge: Charge): void {
  const sync = { async: false }
  class Strings {}
  const patterns = new Patterns()
  const matcher: MatcherOf = (text, pattern) => {
    const steps = stepsOf(pattern)
    if (!patterns.has(pattern)) charge(steps * COMPILED)
    const atEach = Math.ceil(Math.max(pattern.length * STATES, steps * WALKED))
    charge(Math.ceil((text.length + 1) * WALKED) * atEach)
    return patterns.compile(pattern).pattern.matcher(text)
  }
  environment
    .registerFunction(
      `${ownName('matches')}(string, string): bool`,
      (text: string, pattern: string) => matcher(text, pattern).find(),
      sync,
    )
    .registerType('kubernetes.Strings', Strings)
    .registerConstant('strings', 'kubernetes.Strings', new Strings())
    .registerFunction(
      'kubernetes.Strings.quote(string): string',
      (_: Strings, text: string) => {
        walk(text, charge)
        return `"${[...text].map((character) => ESCAPES[character] ?? character).join('')}"`
      },
      sync,
    )
  for (const [signature, method] of Object.entries(methodsOf({ charge, matcher }))) {
    const own = signature.replace(/^\w+/, ownName)
    environment.registerFunction(`string.${own}`, method as never, sync)
  }
  const join = (name: string) => (parts: unknown[], by?: string) => joined(name, parts, { by, charge })
  environment
    .registerFunction(`list<string>.${ownName('join')}(): string`, join('string.join()'), sync)
    .registerFunction(`list<string>.${ownName('join')}(string): string`, join('string.join(separator)'), sync)
}

function found(matcher: Matcher, most = Number.POSITIVE_INFINITY): string[] {
  const parts: string[] = []
  while (parts.length < most && matcher.find()) parts.push(matcher.group() ?? '')
  return parts
}

const outside = (at: bigint) => new Error(`index out of range: ${at}`)

/** A place in a text, its end included. */
function inside(characters: readonly string[], at: bigint): number {
  if (at < 0n || at > BigInt(characters.length)) throw outside(at)
  return Number(at)
}

function indexOf(text: string, part: string, from: bigint): bigint {
  if (part === '') return from
  if (from < 0n) throw outside(from)
  for (const place of placesOf([...part], [...text])) if (place >= from) return BigInt(place)
  return -1n
}

function lastIndexOf(text: string, part: string, from: bigint): bigint {
  if (part === '') return from
  if (from < 0n) throw outside(from)
  const [characters, wanted] = [[...text], [...part]]
  if (from >= BigInt(characters.length)) return -1n
  let last = -1
  for (const place of placesOf(wanted, characters)) {
    if (place > from) break
    last = place
  }
  return BigInt(last)
}

/** Between all characters, before them and after them, where what is replaced is nothing. */
function replace(
  text: string,
  { from, to, most, charge }: { from: string; to: string; most?: number | undefined; charge: Charge },
): string {
  const parts = from === '' ? ['', ...text, ''] : splitBy(text, from)
  const times = Math.min(parts.length - 1, most ?? Number.POSITIVE_INFINITY)
  charge((text.length + times * (to.length - from.length)) * WALKED)
  const kept = parts.slice(0, times + 1)
  return [kept.join(to), ...parts.slice(times + 1)].join(from)
}

/** What is made may be far longer than the list: the same text may stand in it many times. */
function joined(
  name: string,
  parts: readonly unknown[],
  { by = '', charge }: { by?: string | undefined; charge: Charge },
): string {
  if (parts.some((part) => typeof part !== 'string')) throw new Error(`${name}: list must contain only strings`)
  chargeTexts(parts, charge)
  charge(parts.length * by.length * WALKED)
  return parts.join(by)
}

const walk = (text: string, charge: Charge) => charge(text.length * WALKED)
