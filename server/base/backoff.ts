// Exponential back-off with a cap. Jitter comes in by the door, so that a simulation can replay it.

export interface BackoffOptions {
  initialMs: number
  maxMs: number
  factor?: number
  /** Adds up to this share of the delay at random; 0 by default. */
  jitter?: number
  random?: () => number
}

export class Backoff {
  readonly #options: BackoffOptions
  #failures = 0

  constructor(options: BackoffOptions) {
    this.#options = options
  }

  get failures(): number {
    return this.#failures
  }

  /** The delay before the next try, counting one more failure. */
  nextMs(): number {
    const { initialMs, maxMs, factor = 2, jitter = 0, random = Math.random } = this.#options
    const base = Math.min(maxMs, initialMs * factor ** this.#failures)
    this.#failures++
    return base * (1 + jitter * random())
  }

  reset(): void {
    this.#failures = 0
  }
}
