// Whoever binds may have to wait for what others do: they look again when something was heard.

export class NextNews {
  readonly #waiting = new Set<() => void>()

  /** How many wait. */
  get size(): number {
    return this.#waiting.size
  }

  heard(): void {
    for (const look of [...this.#waiting]) look()
  }

  /** Resolves when something is heard, or when it is over. */
  next(over: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      const look = () => {
        this.#waiting.delete(look)
        over.removeEventListener('abort', look)
        resolve()
      }
      this.#waiting.add(look)
      over.addEventListener('abort', look)
    })
  }
}
