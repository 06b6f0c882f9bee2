// All objects of one resource as of the newest revision heard of, and the last events that led there.
// Reads are answered from here; watches start here, at any revision the window still holds.
//
//        window (bounded)                        entries (ordered by key)
//   …  ADDED a@7 │ MODIFIED a@9 │ DELETED b@12        a@9, c@3
//      └ a watch from revision 8 replays a@9, b@12, then hears what comes
//
// Upstream: apiserver/pkg/storage/cacher.

import { createRequire } from 'node:module'
import type BTree from 'sorted-btree'
import type { Logger } from '../../../base/logger.ts'
import { expired, internalError, type StatusError } from '../../apimachinery/status-error.ts'
import type { AnyKind } from '../../kinds/define-kind.ts'
import { type Entry, headOf, withRevision } from './entry.ts'
import type { CacheEvent, Watcher } from './watcher.ts'
import { WatcherIndex } from './watcher-index.ts'

// The package is CommonJS with a `default` inside, which `import` finds in different places under Node and vitest.
const { default: Tree } = createRequire(import.meta.url)('sorted-btree') as { default: typeof BTree }

const byteOrder = (a: string, b: string) => (a < b ? -1 : a > b ? 1 : 0)

/** Enough for a reflector that was away for a minute in a busy cluster; each event holds two pointers. */
const WINDOW = 2048

/** An index kept beside a cache. It hears of each change before any watcher does, and outlives new beginnings. */
export interface Follower {
  /** Forgets everything; what there is now comes as `put`. */
  reset(): void
  put(entry: Entry): void
  delete(entry: Entry): void
}

export class ResourceCache {
  readonly kind: AnyKind
  readonly prefix: string
  /** What every stored object of this kind begins with. */
  readonly head: string
  readonly #entries = new Tree<string, Entry>(undefined, byteOrder)
  readonly #watchers = new WatcherIndex()
  readonly #followers: Follower[] = []
  #window: CacheEvent[] = []
  /** Events at or below this revision are no longer in the window. */
  #forgotten = 0

  readonly #logger: Logger

  constructor(kind: AnyKind, prefix: string, logger: Logger) {
    this.kind = kind
    this.prefix = prefix
    this.head = headOf(kind)
    this.#logger = logger
  }

  get size(): number {
    return this.#entries.size
  }

  /** Watches that are open. */
  get watchers(): number {
    let sum = 0
    for (const { size } of this.#watchers.all()) sum += size
    return sum
  }

  get(key: string): Entry | undefined {
    return this.#entries.get(key)
  }

  /** Entries whose keys begin with `prefix`, in order, from `start` on. */
  under(prefix: string, start = prefix): Entry[] {
    const found: Entry[] = []
    // Each write asks for the quotas, policies and webhooks there are, and mostly there are none.
    if (this.#entries.size === 0) return found
    this.#entries.forRange(
      start,
      `${prefix.slice(0, -1)}${String.fromCharCode(prefix.charCodeAt(prefix.length - 1) + 1)}`,
      false,
      (_key, entry) => {
        found.push(entry)
      },
    )
    return found
  }

  all(): Entry[] {
    return this.under(this.prefix)
  }

  /** Starts anew from a list taken at `revision`; whoever watches has to list again. */
  reset(revision: number, entries: Iterable<Entry>): void {
    this.#entries.clear()
    for (const entry of entries) this.#entries.set(entry.key, entry)
    this.#window = []
    this.#forgotten = revision
    for (const follower of this.#followers) this.#begin(follower)
  }

  follow(follower: Follower): void {
    this.#followers.push(follower)
    this.#begin(follower)
  }

  #begin(follower: Follower): void {
    follower.reset()
    for (const entry of this.all()) this.#hear(follower, 'put', entry)
  }

  put(entry: Entry, cause: string): CacheEvent {
    const previous = this.#entries.get(entry.key)
    this.#entries.set(entry.key, entry)
    for (const follower of this.#followers) this.#hear(follower, 'put', entry)
    return this.#tell({ type: previous ? 'MODIFIED' : 'ADDED', revision: entry.revision, entry, previous, cause })
  }

  delete(key: string, revision: number, cause: string): CacheEvent | undefined {
    const previous = this.#entries.get(key)
    if (!previous) return undefined
    this.#entries.delete(key)
    for (const follower of this.#followers) this.#hear(follower, 'delete', previous)
    return this.#tell({ type: 'DELETED', revision, entry: atRevision(previous, revision), previous, cause })
  }

  /** Whoever has been at the store may have left what one of them makes nothing of: the others, and the feed, go on. */
  #hear(follower: Follower, change: 'put' | 'delete', entry: Entry): void {
    try {
      follower[change](entry)
    } catch (err) {
      this.#logger.error('a stored object makes no sense', { key: entry.key, err })
    }
  }

  #tell(event: CacheEvent): CacheEvent {
    this.#window.push(event)
    if (this.#window.length > WINDOW + WINDOW / 4) {
      const dropped = this.#window.splice(0, this.#window.length - WINDOW)
      this.#forgotten = dropped.at(-1)?.revision ?? this.#forgotten
    }
    for (const watcher of this.#watchers.concernedBy(event)) this.#deliver(watcher, event)
    return event
  }

  /** One watcher that fails must not keep the change from the others, nor stop the feed. */
  #deliver(watcher: Watcher, event: CacheEvent): void {
    try {
      watcher.event(event)
    } catch (err) {
      this.#watchers.delete(watcher)
      watcher.ended(internalError(err))
    }
  }

  /** What came after `revision`. Throws Expired when that is too long ago. */
  since(revision: number): readonly CacheEvent[] {
    this.assertReplayable(revision)
    let first = this.#window.length
    while (first > 0 && (this.#window[first - 1]?.revision ?? 0) > revision) first--
    return this.#window.slice(first)
  }

  /** What comes from now on. */
  watch(watcher: Watcher): Disposable {
    this.#watchers.add(watcher)
    return { [Symbol.dispose]: () => void this.#watchers.delete(watcher) }
  }

  assertReplayable(revision: number): void {
    if (revision < this.#forgotten) throw expired(`too old resource version: ${revision} (${this.#forgotten})`)
  }

  endWatchers(error?: StatusError): void {
    for (const watcher of [...this.#watchers.all()]) watcher.ended(error)
    this.#watchers.clear()
  }
}

/** The same object, shown with the revision of the event that it went with. */
export function atRevision(entry: Entry, revision: number): Entry {
  return { key: entry.key, revision, value: entry.value, object: withRevision(entry.object, revision) }
}
