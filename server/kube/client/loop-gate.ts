// The gates at which loops can be held, stepped and slowed, so that a person can watch one turn at a time.
// A held loop still hears every event; its keys wait in its queue, where everyone can see them.

import type { Clock } from '../../base/clock.ts'
import { type GateTrace, noTrace, type Trace } from '../../base/trace.ts'

/** What a loop asks before each turn. */
export interface LoopGate {
  /** Whether a turn may begin now. A yes uses up the step that allowed it. */
  tryEnter(client: string): boolean
  /** Called when a no may have become a yes. */
  onChange(listener: () => void): Disposable
}

export type GateState = Omit<GateTrace, 'type' | 'at'>

interface Barrier {
  held: boolean
  steps: number
  /** At least this long from the beginning of one turn to the next. */
  everyMs: number
  nextAt: number
  timer?: Disposable | undefined
}

export class LoopGates implements LoopGate {
  readonly #clock: Clock
  readonly #trace: Trace
  readonly #barriers = new Map<string, Barrier>()
  readonly #listeners = new Set<() => void>()

  constructor(clock: Clock, trace: Trace = noTrace) {
    this.#clock = clock
    this.#trace = trace
  }

  /** Those that are held or slowed. */
  states(): GateState[] {
    return [...this.#barriers.keys()].map((client) => this.#stateOf(client))
  }

  hold(client: string): void {
    Object.assign(this.#barrier(client), { held: true, steps: 0 })
    this.#tell(client)
  }

  /** Lets a held loop take `turns` turns more. */
  step(client: string, turns = 1): void {
    if (!this.isHeld(client)) return
    this.#barrier(client).steps += turns
    this.#tell(client)
    this.#changed()
  }

  /** At least so long from one turn to the next; 0 lets it go as fast as it can again. */
  slow(client: string, everyMs: number): void {
    if (everyMs === 0 && !this.isHeld(client)) this.release(client)
    else {
      this.#barrier(client).everyMs = everyMs
      this.#tell(client)
      this.#changed()
    }
  }

  /** Neither held nor slowed. */
  release(client: string): void {
    this.#barriers.get(client)?.timer?.[Symbol.dispose]()
    if (this.#barriers.delete(client)) this.#tell(client)
    this.#changed()
  }

  isHeld(client: string): boolean {
    return this.#barriers.get(client)?.held ?? false
  }

  tryEnter(client: string): boolean {
    const barrier = this.#barriers.get(client)
    if (!barrier) return true
    if (barrier.held && barrier.steps === 0) return false
    const waitMs = barrier.nextAt - this.#clock.monotonic()
    if (waitMs > 0) {
      barrier.timer ??= this.#clock.setTimeout(() => {
        barrier.timer = undefined
        this.#changed()
      }, waitMs)
      return false
    }
    barrier.nextAt = this.#clock.monotonic() + barrier.everyMs
    if (barrier.held) {
      barrier.steps--
      this.#tell(client)
    }
    return true
  }

  onChange(listener: () => void): Disposable {
    this.#listeners.add(listener)
    return { [Symbol.dispose]: () => void this.#listeners.delete(listener) }
  }

  #stateOf(client: string): GateState {
    const { held = false, steps = 0, everyMs = 0 } = this.#barriers.get(client) ?? {}
    return { client, held, steps, everyMs }
  }

  #barrier(client: string): Barrier {
    let barrier = this.#barriers.get(client)
    if (!barrier) {
      barrier = { held: false, steps: 0, everyMs: 0, nextAt: 0 }
      this.#barriers.set(client, barrier)
    }
    return barrier
  }

  #tell(client: string): void {
    this.#trace.emit({ type: 'gate', at: this.#clock.now(), ...this.#stateOf(client) })
  }

  #changed(): void {
    for (const listener of this.#listeners) listener()
  }
}
