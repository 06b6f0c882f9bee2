// Versions of software: `semver('1.10.0').isGreaterThan(semver('1.9.3'))`.
// Upstream: apiserver/pkg/cel/library/semverlib.go, github.com/blang/semver.

import type { Environment } from '@marcbachmann/cel-js'

const IDENTIFIER = '(?:0|[1-9]\\d*|\\d*[A-Za-z-][0-9A-Za-z-]*)'
const FORM = new RegExp(
  `^(0|[1-9]\\d*)\\.(0|[1-9]\\d*)\\.(0|[1-9]\\d*)(?:-(${IDENTIFIER}(?:\\.${IDENTIFIER})*))?(?:\\+[0-9A-Za-z-]+(?:\\.[0-9A-Za-z-]+)*)?$`,
)

class Semver {
  readonly numbers: readonly bigint[]
  readonly before: readonly string[]

  constructor(numbers: readonly bigint[], before: readonly string[]) {
    this.numbers = numbers
    this.before = before
  }

  /** What comes before a release is less than the release; what is built of it is the same. */
  compare(other: Semver): -1 | 0 | 1 {
    for (const [at, number] of this.numbers.entries()) {
      const theirs = other.numbers[at] ?? 0n
      if (number !== theirs) return number < theirs ? -1 : 1
    }
    if (this.before.length === 0 || other.before.length === 0) return sign(other.before.length - this.before.length)
    for (const [at, part] of this.before.entries()) {
      const theirs = other.before[at]
      if (theirs === undefined) return 1
      const order = compareParts(part, theirs)
      if (order !== 0) return order
    }
    return sign(this.before.length - other.before.length)
  }
}

const sign = (difference: number) => (difference < 0 ? -1 : difference > 0 ? 1 : 0)

/** Numbers by their size, and before all words. */
function compareParts(a: string, b: string): -1 | 0 | 1 {
  if (a === b) return 0
  const [left, right] = [/^\d+$/.test(a), /^\d+$/.test(b)]
  if (left && right) return BigInt(a) < BigInt(b) ? -1 : 1
  if (left !== right) return left ? -1 : 1
  return a < b ? -1 : 1
}

function parse(text: string, normalizes: boolean): Semver | undefined {
  const found = FORM.exec(normalizes ? normalized(text) : text)
  if (!found) return undefined
  const [, major = '', minor = '', patch = '', before] = found
  return new Semver([BigInt(major), BigInt(minor), BigInt(patch)], before ? before.split('.') : [])
}

/** `v1.02` → `1.2.0`. */
function normalized(text: string): string {
  const [major = '', minor, ...rest] = text.replace(/^v/, '').split('.')
  const parts = [major, minor, rest.length > 0 ? rest.join('.') : undefined].filter((part) => part !== undefined)
  const plain = parts.map((part) => part.replace(/^0+(?=\d)/, ''))
  // A short version says nothing of what is before a release, or built of it.
  if (plain.length < 3 && /[+-]/.test(plain.at(-1) ?? '')) return ''
  return [...plain, '0', '0'].slice(0, Math.max(3, plain.length)).join('.')
}

export function readSemver(text: string, normalizes = false): Semver {
  const version = parse(text, normalizes)
  if (!version) throw new Error(`${JSON.stringify(text)} is not a semantic version`)
  return version
}

export function addSemver(environment: Environment): void {
  const sync = { async: false }
  const type = 'kubernetes.Semver'
  const is = (text: string, normalizes = false) => parse(text, normalizes) !== undefined
  const method = (signature: string, handler: (...values: never[]) => unknown) =>
    environment.registerFunction(`${type}.${signature}`, handler, sync)
  environment
    .registerType(type, Semver)
    .registerFunction(`semver(string): ${type}`, (text: string) => readSemver(text), sync)
    .registerFunction(`semver(string, bool): ${type}`, readSemver, sync)
    .registerFunction('isSemver(string): bool', (text: string) => is(text), sync)
    .registerFunction('isSemver(string, bool): bool', is, sync)
    .registerOperator(`${type} == ${type}`, (a: Semver, b: Semver) => a.compare(b) === 0)
  for (const [at, name] of ['major', 'minor', 'patch'].entries()) {
    method(`${name}(): int`, ({ numbers }: Semver) => numbers[at])
  }
  method(`compareTo(${type}): int`, (a: Semver, b: Semver) => BigInt(a.compare(b)))
  method(`isGreaterThan(${type}): bool`, (a: Semver, b: Semver) => a.compare(b) > 0)
  method(`isLessThan(${type}): bool`, (a: Semver, b: Semver) => a.compare(b) < 0)
}
