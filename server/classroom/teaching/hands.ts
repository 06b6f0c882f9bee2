// Raised hands, oldest first; they stay up over a restart. A hand stays up until its owner lowers it or whoever came to help says it is done.

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
  readonly #keep: (personId: string, hand: Hand | undefined) => void
  readonly #up = new Map<string, Hand>()

  constructor(options: {
    now: () => number
    onChange: () => void
    /** Writes down whose hand is up, or no longer. */
    keep: (personId: string, hand: Hand | undefined) => void
  }) {
    this.#now = options.now
    this.#onChange = options.onChange
    this.#keep = options.keep
  }

  /** Those that were up when a former process ended. */
  restore(hands: ReadonlyMap<string, Hand>): void {
    for (const [personId, hand] of hands) this.#up.set(personId, hand)
  }

  of(personId: string): Hand | undefined {
    return this.#up.get(personId)
  }

  /** Raising it again changes the words, not the place in the queue. */
  raise(personId: string, words: string): void {
    const { since = this.#now(), takenBy = '' } = this.#up.get(personId) ?? {}
    this.#set(personId, { words, since, takenBy })
  }

  lower(personId: string): void {
    if (!this.#up.delete(personId)) return
    this.#keep(personId, undefined)
    this.#onChange()
  }

  take(personId: string, by: string): void {
    const hand = this.#up.get(personId)
    if (!hand) return
    this.#set(personId, { ...hand, takenBy: by })
  }

  #set(personId: string, hand: Hand): void {
    this.#up.set(personId, hand)
    this.#keep(personId, hand)
    this.#onChange()
  }
}
