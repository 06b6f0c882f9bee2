// Who was told to stop and listen: their loops are held and their keys reach no shell until it is taken back. Kept in
// memory only, like the holding itself: a classroom that was started again is not paused.

export interface Pause {
  /** Who asked for it, by name. */
  readonly by: string
}

export class Pauses {
  readonly #onChange: () => void
  readonly #paused = new Map<string, Pause>()

  constructor(options: { onChange: () => void }) {
    this.#onChange = options.onChange
  }

  of(learnerId: string): Pause | undefined {
    return this.#paused.get(learnerId)
  }

  begin(learners: readonly string[], by: string): void {
    for (const id of learners) this.#paused.set(id, { by })
    this.#onChange()
  }

  end(learners: readonly string[]): void {
    for (const id of learners) this.#paused.delete(id)
    this.#onChange()
  }
}
