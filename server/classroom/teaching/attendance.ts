// Who is here: whoever has a page open that listens for news. A browser that was closed, or lost its network, is gone
// when its stream ends.

export interface Presence {
  readonly here: boolean
  /** When the last page was closed; 0 while somebody is here, or was never. */
  readonly leftAt: number
}

const NEVER: Presence = { here: false, leftAt: 0 }

export class Attendance {
  readonly #now: () => number
  readonly #onChange: () => void
  readonly #open = new Map<string, number>()
  readonly #leftAt = new Map<string, number>()

  constructor(options: { now: () => number; onChange: () => void }) {
    this.#now = options.now
    this.#onChange = options.onChange
  }

  /** Dispose when the page is gone. */
  arrive(personId: string): Disposable {
    const pages = this.#open.get(personId) ?? 0
    this.#open.set(personId, pages + 1)
    if (pages === 0) this.#onChange()
    return { [Symbol.dispose]: () => this.#leave(personId) }
  }

  of(personId: string): Presence {
    if (this.#open.has(personId)) return { here: true, leftAt: 0 }
    const leftAt = this.#leftAt.get(personId)
    return leftAt === undefined ? NEVER : { here: false, leftAt }
  }

  #leave(personId: string): void {
    const pages = (this.#open.get(personId) ?? 1) - 1
    if (pages > 0) {
      this.#open.set(personId, pages)
      return
    }
    this.#open.delete(personId)
    this.#leftAt.set(personId, this.#now())
    this.#onChange()
  }
}
