// Who is told of a change: those who watch objects of any kind, and those for whom one field must have one value. Each of
// five thousand kubelets watches the pods of its own node; a pod that moves on is shown to one or two of them.
// Upstream: apiserver/pkg/storage/cacher/cacher.go, indexedWatchers.

import type { CacheEvent, FixedField, Watcher } from './watcher.ts'

interface Watched {
  read: FixedField['read']
  readonly byValue: Map<string, Set<Watcher>>
}

export class WatcherIndex {
  readonly #ofAnything = new Set<Watcher>()
  readonly #byField = new Map<string, Watched>()

  add(watcher: Watcher): void {
    this.#setOf(watcher).add(watcher)
  }

  delete(watcher: Watcher): void {
    const { fixed } = watcher
    const watchers = this.#setOf(watcher)
    watchers.delete(watcher)
    if (!fixed || watchers.size > 0) return
    const watched = this.#byField.get(fixed.field)
    watched?.byValue.delete(fixed.value)
    if (watched?.byValue.size === 0) this.#byField.delete(fixed.field)
  }

  /** An object that gets another value concerns both who watch the old one and who watch the new one. */
  *concernedBy({ entry, previous }: CacheEvent): Generator<Watcher> {
    yield* this.#ofAnything
    for (const { read, byValue } of this.#byField.values()) {
      const value = read(entry.object)
      yield* byValue.get(value) ?? []
      const before = previous && read(previous.object)
      if (before !== undefined && before !== value) yield* byValue.get(before) ?? []
    }
  }

  *all(): Generator<Watcher> {
    yield* this.#ofAnything
    for (const { byValue } of this.#byField.values()) for (const watchers of byValue.values()) yield* watchers
  }

  clear(): void {
    this.#ofAnything.clear()
    this.#byField.clear()
  }

  #setOf({ fixed }: Watcher): Set<Watcher> {
    if (!fixed) return this.#ofAnything
    const { field, value, read } = fixed
    const watched = this.#byField.get(field) ?? { read, byValue: new Map() }
    this.#byField.set(field, watched)
    const watchers = watched.byValue.get(value) ?? new Set()
    watched.byValue.set(value, watchers)
    return watchers
  }
}
