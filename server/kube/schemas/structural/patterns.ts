// Regular expressions as Go reads them, each compiled once for as long as its schema is in use.

import { RE2JS } from 're2js'

export class Patterns {
  readonly #compiled = new Map<string, RE2JS>()

  /** Throws when it is none. */
  compile(pattern: string): RE2JS {
    const known = this.#compiled.get(pattern) ?? RE2JS.compile(pattern)
    this.#compiled.set(pattern, known)
    return known
  }

  matches(pattern: string, text: string): boolean {
    return this.compile(pattern).matcher(text).find()
  }
}
