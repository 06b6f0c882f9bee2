// What becomes of a sandbox when nobody is there. Somebody is there while a lab of theirs is open in a browser, also in
// that of who teaches them; a browser that was closed, or lost its network, is gone when its stream ends.
//
//   away for a while                         its machines stand still, in memory
//   away for long, or others wait in line    they go to disk, and the seat is free
//   away while waiting in line               the place goes to who is there

import type { Clock } from '../../base/clock.ts'
import type { MachinesRest } from '../../kube/cluster/index.ts'
import type { SandboxPool } from './sandbox-pool.ts'

export interface AbsenceOptions {
  pool: Pick<SandboxPool, 'holders'>
  sleep: (learnerId: string, machines: MachinesRest) => Promise<void>
  leaveLine: (learnerId: string) => Promise<void>
  /** Undefined: never. */
  pauseAfterMs: number | undefined
  stopAfterMs: number | undefined
  clock: Clock
}

const LOOK_EVERY_MS = 15_000
/** Long enough for a reload, a lost connection, a laptop carried to another room. */
const LEAVES_LINE_AFTER_MS = 2 * 60_000

export class Absence implements Disposable {
  readonly #options: AbsenceOptions
  readonly #here = new Map<string, number>()
  readonly #awaySince = new Map<string, number>()
  /** How everybody was when last looked at. */
  #last = new Map<string, string>()
  #timer: Disposable

  constructor(options: AbsenceOptions) {
    this.#options = options
    this.#timer = this.#later()
  }

  /** Dispose when the page is gone. */
  arrive(learnerId: string): Disposable {
    const here = this.#here
    here.set(learnerId, (here.get(learnerId) ?? 0) + 1)
    this.#awaySince.delete(learnerId)
    return {
      [Symbol.dispose]: () => {
        const pages = (here.get(learnerId) ?? 1) - 1
        if (pages > 0) here.set(learnerId, pages)
        else {
          here.delete(learnerId)
          this.#awaySince.set(learnerId, this.#options.clock.now())
        }
      },
    }
  }

  [Symbol.dispose](): void {
    this.#timer[Symbol.dispose]()
  }

  #later(): Disposable {
    return this.#options.clock.setTimeout(() => {
      this.#timer = this.#later()
      this.#look()
    }, LOOK_EVERY_MS)
  }

  #look(): void {
    const { pool, sleep, leaveLine, pauseAfterMs = Infinity, stopAfterMs = Infinity } = this.#options
    const holders = pool.holders
    const now = new Map(holders.map(({ learnerId, is }) => [learnerId, is]))
    this.#forgetAllBut(now)
    // Whoever has been woken counts anew: by themselves, whose page is only just opening, or by who prepares a class.
    for (const [id, is] of now) if (is === 'awake' && this.#last.get(id) === 'paused') this.#awaySince.delete(id)
    this.#last = now
    const away = holders
      .map((holder) => ({ ...holder, ms: this.#awayMs(holder.learnerId) }))
      .sort((one, other) => other.ms - one.ms)
    const stayInLine = away.filter(({ is, ms }) => is === 'waiting' && ms < LEAVES_LINE_AFTER_MS)
    let seatsWanted = stayInLine.length
    for (const { learnerId, is, ms } of away) {
      if (is === 'waiting') {
        if (ms >= LEAVES_LINE_AFTER_MS) void leaveLine(learnerId)
      } else if (ms >= stopAfterMs || (ms >= pauseAfterMs && seatsWanted-- > 0)) void sleep(learnerId, 'stop')
      else if (ms >= pauseAfterMs && is === 'awake') void sleep(learnerId, 'pause')
    }
  }

  /** Whoever was never seen counts from when they were first missed: a cluster may be made before its learner comes. */
  #awayMs(learnerId: string): number {
    if (this.#here.has(learnerId)) return 0
    const now = this.#options.clock.now()
    const since = this.#awaySince.get(learnerId) ?? now
    this.#awaySince.set(learnerId, since)
    return now - since
  }

  #forgetAllBut(holders: ReadonlyMap<string, unknown>): void {
    for (const id of this.#awaySince.keys()) if (!holders.has(id)) this.#awaySince.delete(id)
  }
}
