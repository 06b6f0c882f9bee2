// Seats, and the line of those who wait for one. First come, first served; everybody in line is told their place whenever
// it changes, and 0 when it is their turn.

export type HearPlace = (place: number) => void

interface Waiting {
  learnerId: string
  hear: Set<HearPlace>
  go: () => void
  giveUp: (err: Error) => void
}

export class SeatLine {
  readonly seats: number
  readonly #taken = new Set<string>()
  readonly #line: Waiting[] = []

  constructor(seats: number) {
    this.seats = seats
  }

  get taken(): number {
    return this.#taken.size
  }

  get waiting(): number {
    return this.#line.length
  }

  get seated(): readonly string[] {
    return [...this.#taken]
  }

  get inLine(): readonly string[] {
    return this.#line.map(({ learnerId }) => learnerId)
  }

  isSeated(learnerId: string): boolean {
    return this.#taken.has(learnerId)
  }

  /** Resolves when the learner has a seat. */
  take(learnerId: string): Promise<void> {
    if (this.#taken.has(learnerId)) return Promise.resolve()
    if (this.#taken.size < this.seats) {
      this.#taken.add(learnerId)
      return Promise.resolve()
    }
    const { promise, resolve, reject } = Promise.withResolvers<void>()
    this.#line.push({ learnerId, hear: new Set(), go: resolve, giveUp: reject })
    return promise
  }

  /** Tells the place at once, if the learner waits, and whenever it changes. */
  listen(learnerId: string, hear: HearPlace): void {
    const index = this.#line.findIndex((each) => each.learnerId === learnerId)
    this.#line[index]?.hear.add(hear)
    if (index >= 0) hear(index + 1)
  }

  /** Gives the seat to who waits longest; whoever leaves the line ends their waiting. */
  free(learnerId: string): void {
    this.#taken.delete(learnerId)
    const index = this.#line.findIndex((each) => each.learnerId === learnerId)
    if (index >= 0) this.#line.splice(index, 1)[0]?.giveUp(new Error('Your place in line was given back'))
    while (this.#taken.size < this.seats) {
      const next = this.#line.shift()
      if (!next) break
      this.#taken.add(next.learnerId)
      for (const hear of next.hear) hear(0)
      next.go()
    }
    for (const [at, { hear }] of this.#line.entries()) for (const each of hear) each(at + 1)
  }
}
