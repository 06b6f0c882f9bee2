// Texts and regular expressions. The latter are RE2's, which take linear time whatever the pattern.
// Upstream: cel-go/ext/strings.go, apiserver/pkg/cel/library/regex.go.

import type { Environment } from '@marcbachmann/cel-js'
import { RE2JS } from 're2js'

export function addStrings(environment: Environment): void {
  const sync = { async: false }
  const compiled = (pattern: string) => RE2JS.compile(pattern)
  const matches = (text: string, pattern: string) => compiled(pattern).matcher(text).find()
  environment
    .registerFunction('string.re2Matches(string): bool', matches, sync)
    .registerFunction('re2Matches(string, string): bool', matches, sync)
    .registerFunction(
      'string.find(string): string',
      (text: string, pattern: string) => found(text, pattern, 1)[0] ?? '',
      sync,
    )
    .registerFunction(
      'string.findAll(string): list<string>',
      (text: string, pattern: string) => found(text, pattern),
      sync,
    )
    .registerFunction(
      'string.findAll(string, int): list<string>',
      (text: string, pattern: string, most: bigint) => found(text, pattern, most < 0n ? undefined : Number(most)),
      sync,
    )
    .registerFunction(
      'string.charAt(int): string',
      (text: string, at: bigint) => {
        if (at < 0n || at > BigInt(text.length)) throw new Error(`index out of range: ${at}`)
        return text[Number(at)] ?? ''
      },
      sync,
    )
    .registerFunction(
      'string.replace(string, string): string',
      (text: string, from: string, to: string) => text.replaceAll(from, () => to),
      sync,
    )
    .registerFunction('string.replace(string, string, int): string', replaceSome, sync)
    .registerFunction('string.reverse(): string', (text: string) => [...text].reverse().join(''), sync)
    .registerFunction('string.format(list): string', format, sync)

  function found(text: string, pattern: string, most = Number.POSITIVE_INFINITY): string[] {
    const matcher = compiled(pattern).matcher(text)
    const parts: string[] = []
    while (parts.length < most && matcher.find()) parts.push(matcher.group() ?? '')
    return parts
  }
}

function replaceSome(text: string, from: string, to: string, most: bigint): string {
  if (most < 0n) return text.replaceAll(from, () => to)
  const parts = text.split(from)
  const kept = parts.slice(0, Number(most) + 1)
  const rest = parts.slice(Number(most) + 1)
  return [kept.join(to), ...rest].join(from)
}

function format(pattern: string, values: unknown[]): string {
  let next = 0
  return pattern.replace(/%(?:\.(\d+))?([sdfexXobv%])/g, (_, precision: string | undefined, verb: string) => {
    if (verb === '%') return '%'
    if (next >= values.length) throw new Error(`index ${next} out of range`)
    const value = values[next++]
    switch (verb) {
      case 'd':
        return String(value)
      case 'f':
        return Number(value).toFixed(precision === undefined ? 6 : Number(precision))
      case 'e':
        return Number(value).toExponential(precision === undefined ? 6 : Number(precision))
      case 'x':
        return hex(value)
      case 'X':
        return hex(value).toUpperCase()
      case 'o':
        return BigInt(value as bigint).toString(8)
      case 'b':
        return typeof value === 'boolean' ? (value ? '1' : '0') : BigInt(value as bigint).toString(2)
      default:
        return shown(value)
    }
  })
}

const hex = (value: unknown) =>
  typeof value === 'string' ? Buffer.from(value).toString('hex') : BigInt(value as bigint).toString(16)

function shown(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(shown).join(', ')}]`
  if (value instanceof Date) return value.toISOString().replace('.000Z', 'Z')
  if (typeof value !== 'object' || value === null) return String(value)
  const entries = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1))
  return entries.length > 0 ? `{${entries.map(([key, inner]) => `${key}: ${shown(inner)}`).join(', ')}}` : String(value)
}
