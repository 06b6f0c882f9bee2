// What becomes of a sandbox when nobody is there. Somebody is there while they do something on a page of that lab: open it,
// move, type, close it; also those who teach its learner. A page that only stays open keeps a place in line, but no machines
// awake.
//
//   nothing done for a while                 its machines stand still, in memory
//   for long, or others wait in line         they go to disk, and the seat is free
//   page closed while waiting in line        the place goes to who is there

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
  readonly #pages = new Map<string, number>()
  /** When something was last done there. */
  readonly #stirredAt = new Map<string, number>()
  /** How everybody was when last looked at. */
  #last = new Map<string, string>()
  #timer: Disposable

  constructor(options: AbsenceOptions) {
    this.#options = options
    this.#timer = this.#later()
  }

  /** A page is open; dispose when it is gone. */
  arrive(learnerId: string): Disposable {
    const pages = this.#pages
    pages.set(learnerId, (pages.get(learnerId) ?? 0) + 1)
    this.stir(learnerId)
    return {
      [Symbol.dispose]: () => {
        const left = (pages.get(learnerId) ?? 1) - 1
        if (left > 0) pages.set(learnerId, left)
        else pages.delete(learnerId)
        this.stir(learnerId)
      },
    }
  }

  /** Somebody did something on a page of that learner's. */
  stir(learnerId: string): void {
    this.#stirredAt.set(learnerId, this.#options.clock.now())
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
    // Whoever has been woken counts anew, by themselves or by who prepares a class; so does who has got a seat, for which
    // one may have waited long without doing anything.
    for (const [id, is] of now) if (is === 'awake' && this.#last.get(id) !== 'awake') this.#stirredAt.delete(id)
    this.#last = now
    const away = holders
      .map((holder) => ({ ...holder, ms: this.#stillMs(holder.learnerId) }))
      .sort((one, other) => other.ms - one.ms)
    const leaves = (id: string, ms: number) => !this.#pages.has(id) && ms >= LEAVES_LINE_AFTER_MS
    const stayInLine = away.filter(({ learnerId, is, ms }) => is === 'waiting' && !leaves(learnerId, ms))
    let seatsWanted = stayInLine.length
    for (const { learnerId, is, ms } of away) {
      if (is === 'waiting') {
        if (leaves(learnerId, ms)) void leaveLine(learnerId)
      } else if (ms >= stopAfterMs || (ms >= pauseAfterMs && seatsWanted-- > 0)) void sleep(learnerId, 'stop')
      else if (ms >= pauseAfterMs && is === 'awake') void sleep(learnerId, 'pause')
    }
  }

  /** Whoever was never seen counts from when they were first missed: a cluster may be made before its learner comes. */
  #stillMs(learnerId: string): number {
    const now = this.#options.clock.now()
    const since = this.#stirredAt.get(learnerId) ?? now
    this.#stirredAt.set(learnerId, since)
    return now - since
  }

  #forgetAllBut(holders: ReadonlyMap<string, unknown>): void {
    for (const id of this.#stirredAt.keys()) if (!holders.has(id)) this.#stirredAt.delete(id)
  }
}
