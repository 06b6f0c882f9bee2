// How often something may be tried that should not be guessed. A try is counted before it is known how it ends, so that a
// thousand at once are a thousand; one that succeeds is given back.

import type { Clock } from '../../base/clock.ts'
import { ClassroomError } from '../classroom-error.ts'

interface Window {
  count: number
  endsAt: number
}

/** More keys than this are not remembered at once; those whose time is over go first. */
const MOST_KEYS = 50_000

export class Attempts {
  readonly #clock: Clock
  readonly #limit: number
  readonly #windowMs: number
  readonly #windows = new Map<string, Window>()

  constructor({ clock, limit, windowMs }: { clock: Clock; limit: number; windowMs: number }) {
    this.#clock = clock
    this.#limit = limit
    this.#windowMs = windowMs
  }

  /** Throws when this has been tried too often. */
  take(key: string): void {
    const now = this.#clock.now()
    const known = this.#windows.get(key)
    const window = known && known.endsAt > now ? known : { count: 0, endsAt: now + this.#windowMs }
    if (window.count >= this.#limit) {
      const minutes = Math.ceil((window.endsAt - now) / 60_000)
      throw new ClassroomError(
        'too-many-tries',
        `That was tried too often. Try again in ${minutes === 1 ? 'a minute' : `${minutes} minutes`}.`,
      )
    }
    window.count++
    if (window !== known) this.#remember(key, window, now)
  }

  giveBack(key: string): void {
    const window = this.#windows.get(key)
    if (window && window.count > 0) window.count--
  }

  #remember(key: string, window: Window, now: number): void {
    if (this.#windows.size >= MOST_KEYS) {
      for (const [other, { endsAt }] of this.#windows) if (endsAt <= now) this.#windows.delete(other)
      const [oldest] = this.#windows.keys()
      if (this.#windows.size >= MOST_KEYS && oldest !== undefined) this.#windows.delete(oldest)
    }
    this.#windows.set(key, window)
  }
}
