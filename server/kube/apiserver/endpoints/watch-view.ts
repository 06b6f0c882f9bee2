// What a change is to those who watch the same things in the same version: an object more, another state of one, one less,
// or nothing at all. It is looked at once, however many they are.
//
// With a selector, an object that stops matching is DELETED for these watchers, and one that starts to is ADDED.

import type { Registry } from '../registry/registry.ts'
import type { OutgoingEvent } from '../request-path/answer.ts'
import type { Entry } from '../watch-cache/entry.ts'
import { atRevision, type CacheEvent } from '../watch-cache/resource-cache.ts'

type Seen = OutgoingEvent | undefined

export interface WatchScope {
  registry: Registry
  /** Is the object among those that are watched? */
  isIn(entry: Entry): boolean
  /** In the version that is watched. */
  shownEntry(entry: Entry): Entry
}

export class WatchView {
  readonly #scope: WatchScope
  #event: CacheEvent | undefined
  #seen: Seen | Promise<Seen>

  constructor(scope: WatchScope) {
    this.#scope = scope
  }

  /** All who ask get the same answer; a promise where the object has to be converted by somebody else. */
  of(event: CacheEvent): Seen | Promise<Seen> {
    if (event !== this.#event) {
      this.#seen = this.#look(event)
      this.#event = event
    }
    return this.#seen
  }

  #look(event: CacheEvent): Seen | Promise<Seen> {
    const { entry, previous } = event
    const converted = this.#scope.registry.shown(previous ? [entry, previous] : [entry])
    return converted instanceof Promise
      ? converted.then((shown) => this.#outgoing(event, shown))
      : this.#outgoing(event, converted)
  }

  #outgoing(event: CacheEvent, [entry = event.entry, previous]: readonly Entry[]): Seen {
    const { isIn } = this.#scope
    const wasIn = previous !== undefined && isIn(previous)
    if (event.type !== 'DELETED' && isIn(entry)) return this.#shown(wasIn ? 'MODIFIED' : 'ADDED', entry)
    if (!wasIn) return undefined
    return this.#shown('DELETED', event.type === 'DELETED' ? entry : atRevision(previous, event.revision))
  }

  #shown(type: OutgoingEvent['type'], entry: Entry): OutgoingEvent {
    const shown = this.#scope.shownEntry(entry)
    return { type, object: shown.object, entry: shown }
  }
}

/** The views that somebody watches now, by what is watched. */
export class WatchViews {
  readonly #open = new Map<string, { view: WatchView; watchers: number }>()

  /** `leave` once, when the watch ends. */
  join(key: string, scope: WatchScope): { view: WatchView; leave(): void } {
    const open = this.#open.get(key) ?? { view: new WatchView(scope), watchers: 0 }
    this.#open.set(key, open)
    open.watchers++
    return {
      view: open.view,
      leave: () => {
        if (--open.watchers === 0) this.#open.delete(key)
      },
    }
  }
}
