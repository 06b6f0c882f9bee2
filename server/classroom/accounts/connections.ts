// What people have open: streams and terminals. They were let in once, when they were opened; so whoever loses a right
// loses what they have open, and the page opens again what it still may.

export class Connections {
  readonly #open = new Map<string, Set<() => void>>()

  /** `end` is called when the person's connections are cut. Dispose when it has ended by itself. */
  hold(personId: string, end: () => void): Disposable {
    const held = this.#open.get(personId) ?? new Set()
    this.#open.set(personId, held.add(end))
    return {
      [Symbol.dispose]: () => {
        held.delete(end)
        if (held.size === 0 && this.#open.get(personId) === held) this.#open.delete(personId)
      },
    }
  }

  cut(personId: string): void {
    const held = this.#open.get(personId)
    this.#open.delete(personId)
    for (const end of held ?? []) end()
  }
}
