// Whose screen is shown to the class. It is, as long as the page for the projector is open.

export interface Projection {
  /** Who shows it, by name. */
  readonly by: string
}

export class Projectors {
  readonly #onChange: () => void
  readonly #shown = new Map<string, Projection[]>()

  constructor(options: { onChange: () => void }) {
    this.#onChange = options.onChange
  }

  of(learnerId: string): Projection | undefined {
    return this.#shown.get(learnerId)?.[0]
  }

  /** Dispose when the page is gone. */
  show(learnerId: string, by: string): Disposable {
    const projection = { by }
    this.#shown.set(learnerId, [...(this.#shown.get(learnerId) ?? []), projection])
    this.#onChange()
    return {
      [Symbol.dispose]: () => {
        const left = this.#shown.get(learnerId)?.filter((each) => each !== projection) ?? []
        if (left.length > 0) this.#shown.set(learnerId, left)
        else this.#shown.delete(learnerId)
        this.#onChange()
      },
    }
  }
}
