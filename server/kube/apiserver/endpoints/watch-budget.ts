// How much all who watch ask to have looked at in each change. A watch of a selector with thousands of terms costs its caller
// nothing, and everybody else each time that anything changes, for as long as it lasts.

import { StatusError } from '../../apimachinery/status-error.ts'
import type { Selection } from '../registry/list.ts'

/** Ten thousand nodes and all their watches have a third of it. */
const MOST_TERMS = 500_000
/** Of a watch that is always opened: those of loops and kubelets ask for few things, and must come back when they have ended. */
const FEW_TERMS = 8

export class WatchBudget {
  #taken = 0

  assertRoom(terms: number): void {
    if (terms <= FEW_TERMS || this.#taken + terms <= MOST_TERMS) return
    const told = 'the server has too many watches open and has asked us to try again later'
    throw new StatusError('TooManyRequests', told, { details: { retryAfterSeconds: 1 } })
  }

  /** To be given back once. */
  take(terms: number): Disposable {
    this.#taken += terms
    return {
      [Symbol.dispose]: () => {
        this.#taken -= terms
      },
    }
  }
}

/** A watch of everything is one. */
export function termsOf({ labels, fields }: Selection): number {
  const requirements = labels?.requirements ?? []
  return requirements.reduce((sum, { values }) => sum + 1 + values.length, 1 + fields.length)
}
