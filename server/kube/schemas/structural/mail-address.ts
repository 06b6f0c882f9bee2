// One address of mail as Go reads it: `a@b.c`, `A. Nobody <a@b.c>`, `"a b"@[10.0.0.1]`, each with comments behind.
// Upstream: Go's net/mail ParseAddress. Read from left to right: as one pattern it takes the square of the length.

import { isIP } from 'node:net'

const ATOM = /[\w!#$%&'*+/=?^`{|}~\u0080-\uffff-]+(?:\.[\w!#$%&'*+/=?^`{|}~\u0080-\uffff-]+)*/y
/** Of names before addresses, where dots may stand anywhere. */
const WORD = /[\w!#$%&'*+./=?^`{|}~\u0080-\uffff-]+/y
const QUOTED = /"((?:[^"\\\p{Cc}]|\t|\\[\t -~\u0080-\uffff])*)"/uy
const LITERAL = /\[([!-Z^-~]*)\]/y
const SPACE = /[ \t]*/y

export function isMailAddress(text: string): boolean {
  return new Reader(text).isAddress()
}

class Reader {
  readonly #text: string
  #at = 0

  constructor(text: string) {
    this.#text = text
  }

  isAddress(): boolean {
    if (this.#spec()) return this.#isAtEnd()
    this.#at = 0
    this.#take(SPACE)
    while (!this.#is('<')) {
      this.#take(SPACE)
      const word = this.#is('"') ? this.#take(QUOTED) : this.#take(WORD)
      if (!word || !this.#comments()) return false
    }
    return this.#takes('<') && this.#spec() && this.#takes('>') && this.#isAtEnd()
  }

  #spec(): boolean {
    this.#take(SPACE)
    const local = this.#is('"') ? this.#take(QUOTED)?.[1] : this.#take(ATOM)?.[0]
    if (!local || !this.#takes('@')) return false
    this.#take(SPACE)
    if (!this.#is('[')) return this.#take(ATOM) !== undefined
    const literal = this.#take(LITERAL)
    return literal !== undefined && isIP(literal[1] ?? '') > 0
  }

  #isAtEnd(): boolean {
    return this.#comments() && this.#at === this.#text.length
  }

  /** Comments may hold comments. */
  #comments(): boolean {
    this.#take(SPACE)
    while (this.#is('(')) {
      let depth = 0
      do {
        if (this.#at >= this.#text.length) return false
        if (this.#is('\\')) this.#at++
        else if (this.#is('(')) depth++
        else if (this.#is(')')) depth--
        this.#at++
      } while (depth > 0)
      this.#take(SPACE)
    }
    return true
  }

  #is(sign: string): boolean {
    return this.#text[this.#at] === sign
  }

  #takes(sign: string): boolean {
    const is = this.#is(sign)
    if (is) this.#at++
    return is
  }

  #take(pattern: RegExp): RegExpExecArray | undefined {
    pattern.lastIndex = this.#at
    const found = pattern.exec(this.#text) ?? undefined
    if (found) this.#at += found[0].length
    return found
  }
}
