// Regular expressions as Go reads them, each compiled once for as long as its schema is in use.
//
// They are matched in a time that grows with the text, whatever the pattern; but a repeat is written out when it is
// compiled, `a{1000}` as a thousand steps, so that a few thousand characters would keep a server for seconds.

import { RE2JS } from 're2js'

/** Steps of a pattern, and of all patterns of a schema: what compiles in tenths of a second. Go ends at some millions. */
export const MOST_STEPS = 100_000

const PIECE =
  /\\Q[\s\S]*?(?:\\E|$)|\\x\{[0-9a-f]{1,8}\}|\\p\{\^?\w{1,40}\}|\\[\s\S]?|\[\^?\]?(?:\[:\^?\w{1,10}:\]|\\[\s\S]?|[^\]\\])*(?:\]|$)|\((?:\?(?:P?<\w{1,100}>|[a-z-]{0,9}:))?|\{(\d+)(?:,(\d*))?\}|[\s\S]/gi

/** How many steps a pattern becomes, repeats within repeats written out: no fewer than there are, and about as many. */
export function stepsOf(pattern: string): number {
  const before: number[] = []
  let [steps, last] = [0, 0]
  for (const [piece, least, most = ''] of pattern.matchAll(PIECE)) {
    if (steps > MOST_STEPS) break
    if (least !== undefined) {
      const more = last * (Math.max(Number(least), Number(most)) - 1)
      steps += Math.max(0, more)
      last += Math.max(0, more)
    } else if (piece.startsWith('(')) {
      before.push(steps)
      steps = last = 0
    } else if (piece === ')') {
      last = steps + 1
      steps = (before.pop() ?? 0) + last
    } else {
      const own = piece.startsWith('\\Q') ? piece.length : 1
      steps += own
      last = '*+?'.includes(piece) ? last + own : 1
    }
  }
  return before.reduce((sum, one) => sum + one, steps)
}

/** Upstream: regexp/syntax ErrLarge. */
export const TOO_LARGE = 'error parsing regexp: expression too large'

/** Throws when it is none, and when it is too large. */
export function compilePattern(pattern: string): RE2JS {
  if (stepsOf(pattern) > MOST_STEPS) throw new Error(TOO_LARGE)
  return RE2JS.compile(pattern)
}

interface Compiled {
  pattern: RE2JS
  steps: number
}

export class Patterns {
  readonly #compiled = new Map<string, Compiled>()
  #steps = 0

  has(pattern: string): boolean {
    return this.#compiled.has(pattern)
  }

  /** Throws when it is none. */
  compile(pattern: string): Compiled {
    const known = this.#compiled.get(pattern)
    if (known) return known
    const compiled = { pattern: compilePattern(pattern), steps: stepsOf(pattern) }
    this.#steps += compiled.steps
    // No schema has as many; what expressions make of what they are given goes when it takes too much memory.
    if (this.#steps > 2 * MOST_STEPS) {
      this.#compiled.clear()
      this.#steps = compiled.steps
    }
    this.#compiled.set(pattern, compiled)
    return compiled
  }
}
