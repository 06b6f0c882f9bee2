// Whoever starts a sandbox or a container waits for a turn. A start is work for the processors, not a wait for somebody:
// twenty of them side by side all end when the last one does, twenty in turn end one after the other. A pod whose sandbox is
// there goes first, so that pods that came first run first. Upstream has all start side by side.

import type { Clock } from '../../base/clock.ts'

export interface StartTurnsOptions {
  clock: Clock
  /** As many at once. */
  seats: number
}

/** A start that hangs gives its seat away: others do not wait for what may never end. */
const MOST_MS = 1_000

export class StartTurns {
  readonly #options: StartTurnsOptions
  readonly #waiting = { container: [] as (() => void)[], sandbox: [] as (() => void)[] }
  #taken = 0

  constructor(options: StartTurnsOptions) {
    this.#options = options
  }

  /** Rejects with the reason of `until` when that is told before the turn has come; what has begun is brought to its end. */
  async run<T>(what: 'sandbox' | 'container', work: () => Promise<T>, until?: AbortSignal): Promise<T> {
    const { clock, seats } = this.#options
    until?.throwIfAborted()
    if (this.#taken < seats) this.#taken++
    else await this.#turn(this.#waiting[what], until)
    using stack = new DisposableStack()
    let isHeld = true
    const give = () => {
      if (isHeld) this.#give()
      isHeld = false
    }
    stack.use(clock.setTimeout(give, MOST_MS))
    try {
      return await work()
    } finally {
      give()
    }
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
