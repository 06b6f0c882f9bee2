// Raised hands, oldest first. A hand stays up until its owner lowers it or whoever came to help says it is done.

export interface Hand {
  /** What it is about, in the learner's words; may be empty. */
  readonly words: string
  readonly since: number
  /** Who came to help, by name; empty while nobody has. */
  readonly takenBy: string
}

export class Hands {
  readonly #now: () => number
  readonly #onChange: () => void
  readonly #up = new Map<string, Hand>()

  constructor(options: { now: () => number; onChange: () => void }) {
    this.#now = options.now
    this.#onChange = options.onChange
  }

  of(personId: string): Hand | undefined {
    return this.#up.get(personId)
  }

  /** Raising it again changes the words, not the place in the queue. */
  raise(personId: string, words: string): void {
    const { since = this.#now(), takenBy = '' } = this.#up.get(personId) ?? {}
    this.#up.set(personId, { words, since, takenBy })
    this.#onChange()
  }

  lower(personId: string): void {
    if (this.#up.delete(personId)) this.#onChange()
  }

  take(personId: string, by: string): void {
    const hand = this.#up.get(personId)
    if (!hand) return
    this.#up.set(personId, { ...hand, takenBy: by })
    this.#onChange()
  }
}
