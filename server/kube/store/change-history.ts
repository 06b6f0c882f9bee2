// What each revision changed, for every revision that is not compacted: what a watch replays.
//
//     compactRevision = 5
//     revision:   5          6            7
//     changes:  [put a]   [del b, put c]  [put a]      ◄ no holes: a revision exists only because it changed something
//
// Revision 5 itself is still here: a watch may start at exactly the compacted revision (and see its deletes).

import type { KeyValue } from './store-interface.ts'

/** The states, tombstones among them, that one transaction added, in the order of its operations. */
export interface Change {
  revision: number
  states: KeyValue[]
}

export class ChangeHistory {
  #changes: Change[] = []
  /** How many at the front are dropped but not yet cut off: cutting moves the whole array, so it is done rarely. */
  #dropped = 0

  add(change: Change): void {
    this.#changes.push(change)
  }

  /** Takes the newest change back. */
  undo(): Change | undefined {
    return this.#changes.length > this.#dropped ? this.#changes.pop() : undefined
  }

  at(revision: number): Change | undefined {
    const oldest = this.#changes[this.#dropped]
    return oldest && revision >= oldest.revision ? this.#changes[this.#dropped + revision - oldest.revision] : undefined
  }

  /** Those after `first`, up to and with `last`. */
  between(first: number, last: number): Change[] {
    const changes: Change[] = []
    for (let revision = first + 1; revision <= last; revision++) {
      const change = this.at(revision)
      if (change) changes.push(change)
    }
    return changes
  }

  /**
   * Forgets the changes before `revision`, at most so many at a time, and names the keys they, and that revision,
   * touched.
   */
  compact(revision: number, most: number): { touched: Set<string>; isDone: boolean } {
    const touched = new Set<string>()
    let next = this.#dropped
    const end = Math.min(this.#changes.length, next + most)
    for (; next < end; next++) {
      const change = this.#changes[next] as Change
      if (change.revision > revision) break
      for (const state of change.states) touched.add(state.key)
      if (change.revision === revision) break
    }
    this.#dropped = next
    if (this.#dropped * 2 > this.#changes.length) {
      this.#changes = this.#changes.slice(this.#dropped)
      this.#dropped = 0
    }
    const oldest = this.#changes[this.#dropped]
    return { touched, isDone: !oldest || oldest.revision >= revision }
  }
}
