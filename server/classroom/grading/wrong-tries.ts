// Tells a new wrong try from one that is known already. A step's checks run at every change of the cluster, so the same
// mistake is seen many times, and a container that keeps crashing goes in and out of failing by itself. A try counts when
// a check begins to fail with words that the learner has not read in this step. How a step begins does not count.

import type { CheckResult } from '../api/contract.ts'

export class WrongTries {
  #isFirst = true
  #failing = new Set<string>()
  readonly #told = new Set<string>()

  /** How many new wrong tries these results show. */
  see(results: Readonly<Record<string, CheckResult>>): number {
    const failed = Object.entries(results).filter(([, { state }]) => state === 'failed')
    const fresh = failed.filter(([id, { message }]) => !this.#failing.has(id) && !this.#told.has(`${id} ${message}`))
    for (const [id, { message }] of failed) this.#told.add(`${id} ${message}`)
    this.#failing = new Set(failed.map(([id]) => id))
    const count = this.#isFirst ? 0 : fresh.length
    this.#isFirst = false
    return count
  }

  /** The learner has typed something else: what this check says next is a new try. */
  typed(checkId: string): void {
    this.#failing.delete(checkId)
  }
}
