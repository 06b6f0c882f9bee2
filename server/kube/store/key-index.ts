// Every key in order, each with its history: a B+ tree, so that a list is a walk along the leaves.
// Upstream: mvcc/index.go.
//
//     /registry/configmaps/…   ─┐
//     /registry/pods/default/a ─┼─ leaves, in byte order ──► KeyHistory ──► KeyValue (value: bytes of a log record)
//     /registry/pods/default/b ─┘

import { createRequire } from 'node:module'
import type BTree from 'sorted-btree'
import { KeyHistory } from './key-history.ts'
import { firstKeyAfter, isSingleKey, type KeyRange } from './key-range.ts'
import type { KeyValue } from './store-interface.ts'

// The package is CommonJS with a `default` inside, which `import` finds in different places under Node and vitest.
const { default: Tree } = createRequire(import.meta.url)('sorted-btree') as { default: typeof BTree }

const byteOrder = (a: string, b: string) => (a < b ? -1 : a > b ? 1 : 0)

export class KeyIndex {
  readonly #histories = new Tree<string, KeyHistory>(undefined, byteOrder)
  /** The key asked for last, there or not: a transaction compares a key, looks at it again to write it, and then writes it. */
  #last: { key: string; history: KeyHistory | undefined } | undefined

  /** Keys with any history, so also those of which only a tombstone is left. */
  get size(): number {
    return this.#histories.size
  }

  newest(key: string): KeyValue | undefined {
    return this.#find(key)?.newest
  }

  at(key: string, revision: number): KeyValue | undefined {
    return this.#find(key)?.at(revision)
  }

  add(state: KeyValue): void {
    const known = this.#find(state.key)
    if (known) {
      known.add(state)
      return
    }
    const history = new KeyHistory(state)
    this.#histories.set(state.key, history)
    this.#last = { key: state.key, history }
  }

  #find(key: string): KeyHistory | undefined {
    if (this.#last?.key === key) return this.#last.history
    const history = this.#histories.get(key)
    this.#last = { key, history }
    return history
  }

  #delete(key: string): void {
    if (this.#last?.key === key) this.#last = undefined
    this.#histories.delete(key)
  }

  /** Visits what the range held at the revision, in order, until `visit` says false. */
  visit(range: KeyRange, revision: number, visit: (state: KeyValue) => unknown): void {
    if (isSingleKey(range)) {
      const state = this.at(range.key, revision)
      if (state) visit(state)
      return
    }
    const end = firstKeyAfter(range)
    if (end !== undefined && end <= range.key) return
    for (const [key, history] of this.#histories.entries(range.key)) {
      if (end !== undefined && key >= end) return
      const state = history.at(revision)
      if (state && visit(state) === false) return
    }
  }

  /** Visits every key from this one on that has any history, in order, until `visit` says false. */
  visitKeys(from: string, visit: (key: string, history: KeyHistory) => boolean): void {
    for (const [key, history] of this.#histories.entries(from)) if (!visit(key, history)) return
  }

  /** Takes the newest state of the key back. */
  undo(key: string): void {
    if (this.#find(key)?.undo()) this.#delete(key)
  }

  compact(key: string, revision: number): void {
    const history = this.#histories.get(key)
    if (history?.compact(revision)) this.#delete(key)
  }
}
