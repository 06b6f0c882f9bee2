// One key's past: its states in the order of their revisions. Upstream: mvcc/key_index.go.
//
// A put adds a state, a delete adds a tombstone (version 0), and the next put begins a new generation, with a new
// createRevision and version 1. Worked example, for the key "foo":
//
//     put at 2   put at 3   delete at 5   put at 7   put at 8   delete at 9
//
//     states:    2(v1)  3(v2)  5(tomb)  7(v1)  8(v2)  9(tomb)
//                └── generation 1 ──┘   └── generation 2 ──┘
//
//     at(1) nothing   at(2) 2(v1)   at(4) 3(v2)   at(5), at(6) nothing   at(7) 7(v1)   at(8) 8(v2)   at(9) nothing
//
// compact(r) keeps what at(r) needs and all that came after; a tombstone is as good as nothing at all:
//
//     compact(2): 2 3 5 7 8 9     compact(4): 3 5 7 8 9     compact(5), compact(6): 7 8 9
//     compact(7): 7 8 9           compact(8): 8 9           compact(9): nothing, the key can be forgotten
//
// So whoever watches from exactly the compacted revision gets its deletes from the change history, not from here.

import type { KeyValue } from './store-interface.ts'

const NO_VALUE = Buffer.alloc(0)

export function tombstone(key: string, revision: number): KeyValue {
  return { key, value: NO_VALUE, createRevision: 0, modRevision: revision, version: 0, lease: 0n }
}

export function isTombstone(state: KeyValue): boolean {
  return state.version === 0
}

export class KeyHistory {
  readonly #states: KeyValue[]

  constructor(first: KeyValue) {
    this.#states = [first]
  }

  /** The key as the newest revision has it, durable or not. */
  get newest(): KeyValue | undefined {
    const last = this.#states[this.#states.length - 1]
    return last && !isTombstone(last) ? last : undefined
  }

  at(revision: number): KeyValue | undefined {
    const state = this.#states[this.#indexAt(revision)]
    return state && !isTombstone(state) ? state : undefined
  }

  add(state: KeyValue): void {
    this.#states.push(state)
  }

  /** Takes the newest state back. True when nothing is left. */
  undo(): boolean {
    this.#states.pop()
    return this.#states.length === 0
  }

  /** True when nothing is left. */
  compact(revision: number): boolean {
    let first = this.#indexAt(revision)
    const kept = this.#states[first]
    if (kept && isTombstone(kept)) first++
    if (first > 0) this.#states.splice(0, first)
    return this.#states.length === 0
  }

  /** The place of the last state that is not newer than the revision, or -1. */
  #indexAt(revision: number): number {
    const states = this.#states
    // Nearly always the newest is wanted.
    let high = states.length - 1
    if (high < 0 || (states[high] as KeyValue).modRevision <= revision) return high
    let low = -1
    while (high - low > 1) {
      const middle = (low + high) >> 1
      if ((states[middle] as KeyValue).modRevision <= revision) low = middle
      else high = middle
    }
    return low
  }
}
