// What a shell prints may be meant to do harm: `printf 'a\e[2147483647b'` asks a terminal to repeat a letter two thousand
// million times, and xterm does, which stops the server for everybody and the browser of whoever looks in. No number in a
// control sequence needs more digits than a screen has columns; the others are dropped on their way.

const ESC = 0x1b
const BRACKET = 0x5b
/** The same as ESC and bracket in one character, U+009B: two bytes. */
const C1 = 0xc2
const CSI = 0x9b
const [ZERO, NINE, COLON, SEMICOLON] = [0x30, 0x39, 0x3a, 0x3b]
const [CANCEL, SUBSTITUTE, FIRST_LETTER] = [0x18, 0x1a, 0x40]
const MOST_DIGITS = 4

export class BoundedNumbers {
  #state: 'text' | 'escape' | 'c1' | 'sequence' = 'text'
  #digits = 0

  /** The same bytes, without the digits that make a number too large. Sequences may come in pieces. */
  pass(data: Uint8Array): Uint8Array {
    if (this.#state === 'text' && !data.includes(ESC) && !data.includes(CSI) && data.at(-1) !== C1) return data
    let kept: Uint8Array | undefined
    let length = 0
    for (const byte of data) {
      if (this.#isTooMuch(byte)) {
        // Copied only when something has to go.
        kept ??= data.slice()
        continue
      }
      if (kept) kept[length] = byte
      length++
    }
    return kept ? kept.subarray(0, length) : data
  }

  #isTooMuch(byte: number): boolean {
    if (byte === ESC) this.#state = 'escape'
    else if (this.#state === 'escape' && byte === BRACKET) this.#begin()
    else if (this.#state === 'c1' && byte === CSI) this.#begin()
    else if (this.#state === 'sequence') {
      if (byte >= ZERO && byte <= NINE) return ++this.#digits > MOST_DIGITS
      if (byte === COLON || byte === SEMICOLON) this.#digits = 0
      // Control characters are carried out in the middle of a number, two of them end it, and so does a letter.
      else if (byte === CANCEL || byte === SUBSTITUTE) this.#state = 'text'
      else if (byte >= FIRST_LETTER) this.#state = byte === C1 ? 'c1' : 'text'
    } else this.#state = byte === C1 ? 'c1' : 'text'
    return false
  }

  #begin(): void {
    this.#state = 'sequence'
    this.#digits = 0
  }
}
