// How much an answer tells of what is wrong. Names of places are as long as the keys on the way to them, which may be as long
// as a body, and each problem names its place from the root: ten thousand of them would be told in gigabytes.

/** So many characters. */
const MOST_TOLD = 200_000

const LAST = 1_000

/** Both ends of a longer text: where it is, and what is wrong there. */
export const shortened = (text: string): string =>
  text.length <= MOST_TOLD ? text : `${text.slice(0, MOST_TOLD - LAST)}…${text.slice(-LAST)}`

/** What is found one after the other. What is more than is told is left out, and who looks may stop: nobody would see it. */
export class Findings<T> {
  readonly all: T[] = []
  readonly #lengthOf: (one: T) => number
  readonly #most: number
  #length = 0

  /** `lengthOf`: in characters. */
  constructor(lengthOf: (one: T) => number, most = Number.POSITIVE_INFINITY) {
    this.#lengthOf = lengthOf
    this.#most = most
  }

  get areEnough(): boolean {
    return this.#length > MOST_TOLD || this.all.length >= this.#most
  }

  add(one: T): void {
    if (this.areEnough) return
    this.#length += this.#lengthOf(one)
    this.all.push(one)
  }

  addAll(these: Iterable<T>): this {
    for (const one of these) {
      if (this.areEnough) break
      this.add(one)
    }
    return this
  }
}

/** Texts, each of which an answer tells. */
export const textFindings = (most?: number) => new Findings<string>(({ length }) => length, most)
