// How much an answer tells of what is wrong. Names of places are as long as the keys on the way to them, which may be as long
// as a body, and each problem names its place from the root: ten thousand of them would be told in gigabytes.

/** So many characters. */
export const MOST_TOLD = 200_000

const LAST = 1_000

/** Both ends of a longer text: where it is, and what is wrong there. */
export const shortened = (text: string): string =>
  text.length <= MOST_TOLD ? text : `${text.slice(0, MOST_TOLD - LAST)}…${text.slice(-LAST)}`

/** The first of them, at least one; `lengthOf`: in characters, of what need not be written for that. */
export function tellable<T>(things: Iterable<T>, lengthOf: (thing: T) => number): T[] {
  const told: T[] = []
  let length = 0
  for (const thing of things) {
    length += lengthOf(thing)
    if (told.length > 0 && length > MOST_TOLD) break
    told.push(thing)
  }
  return told
}

/** What is found one after the other. Who looks stops when there is more than is told: nobody would see the rest. */
export class Findings<T extends { field: string; message: string }> {
  readonly all: T[] = []
  #length = 0

  add(...found: readonly T[]): void {
    for (const one of found) {
      this.#length += one.field.length + one.message.length
      this.all.push(one)
    }
  }

  get areEnough(): boolean {
    return this.#length > MOST_TOLD
  }
}
