// Whoever starts a sandbox or a container waits for a turn. A start is work for the processors, not a wait for somebody:
// twenty of them side by side all end when the last one does, twenty in turn end one after the other. A pod keeps its seat from
// its sandbox to its first container, and containers go first, so that pods that came first run first. Upstream has all start
// side by side.

import type { Clock } from '../../base/clock.ts'

export interface StartTurnsOptions {
  clock: Clock
  /** As many at once. */
  seats: number
}

/** A start that hangs gives its seat away: others do not wait for what may never end. */
const MOST_MS = 1_000

/** Of a pod: for its sandbox, and then for the first of its containers. */
export class Turn implements Disposable {
  readonly #clock: Clock
  readonly #give: () => void
  #timer: Disposable
  #isOver = false
  #hasGoneOn = false

  constructor(clock: Clock, give: () => void) {
    this.#clock = clock
    this.#give = give
    this.#timer = this.#timeout()
  }

  /** False when somebody else has the seat by now, or another container of the pod. */
  goOn(): boolean {
    if (this.#isOver || this.#hasGoneOn) return false
    this.#hasGoneOn = true
    this.#timer[Symbol.dispose]()
    this.#timer = this.#timeout()
    return true
  }

  [Symbol.dispose](): void {
    if (this.#isOver) return
    this.#isOver = true
    this.#timer[Symbol.dispose]()
    this.#give()
  }

  #timeout(): Disposable {
    return this.#clock.setTimeout(() => this[Symbol.dispose](), MOST_MS)
  }
}

export class StartTurns {
  readonly #options: StartTurnsOptions
  readonly #waiting = { container: [] as (() => void)[], sandbox: [] as (() => void)[] }
  #taken = 0

  constructor(options: StartTurnsOptions) {
    this.#options = options
  }

  /** Rejects with the reason of `until` when that is told before the turn has come. */
  async take(what: 'sandbox' | 'container', until?: AbortSignal): Promise<Turn> {
    const { clock, seats } = this.#options
    until?.throwIfAborted()
    if (this.#taken < seats) this.#taken++
    else await this.#turn(this.#waiting[what], until)
    return new Turn(clock, () => this.#give())
  }

  /** In the turn that is still held, if there is one. What has begun is brought to its end. */
  async runContainer<T>(work: () => Promise<T>, { until, turn }: { until: AbortSignal; turn?: Turn }): Promise<T> {
    until.throwIfAborted()
    using _turn = turn?.goOn() ? turn : await this.take('container', until)
    return await work()
  }

  #turn(line: (() => void)[], until: AbortSignal | undefined): Promise<void> {
    return new Promise((resolve, reject) => {
      const leave = () => {
        line.splice(line.indexOf(come), 1)
        reject(until?.reason)
      }
      const come = () => {
        until?.removeEventListener('abort', leave)
        resolve()
      }
      until?.addEventListener('abort', leave, { once: true })
      line.push(come)
    })
  }

  /** The seat goes on to the next one, if there is one. */
  #give(): void {
    const next = this.#waiting.container.shift() ?? this.#waiting.sandbox.shift()
    if (next) next()
    else this.#taken--
  }
}
