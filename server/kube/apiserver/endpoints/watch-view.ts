// What a change is to those who watch the same things in the same version: an object more, another state of one, one less,
// or nothing at all. It is looked at once, however many they are, and told once to all who also read it in the same form.
//
// With a selector, an object that stops matching is DELETED for these watchers, and one that starts to is ADDED.

import { internalError, type StatusError } from '../../apimachinery/status-error.ts'
import type { Registry } from '../registry/registry.ts'
import type { OutgoingEvent, SharedSink, WatchSink } from '../request-path/answer.ts'
import type { Entry } from '../watch-cache/entry.ts'
import { atRevision } from '../watch-cache/resource-cache.ts'
import type { CacheEvent, FixedField, Watcher } from '../watch-cache/watcher.ts'
import { WatchOrder } from './watch-order.ts'

export type Seen = OutgoingEvent | undefined

export interface WatchScope {
  registry: Registry
  /** Is the object among those that are watched? */
  isIn(entry: Entry): boolean
  /** What all of them have in common, as they are stored. */
  fixed?: FixedField | undefined
  /** In the version that is watched. */
  shownEntry(entry: Entry): Entry
  /** Does anybody want to hear of each delivery, of so many? */
  tellsEach(size: number): boolean
}

/** One watch of a view. */
export interface Member {
  /** Told of each change by itself; what is not yet converted comes as a promise. */
  tell(seen: Seen | Promise<Seen>, cause: string): void
  /** The change has been told by what it shares with others. */
  told(event: OutgoingEvent, cause: string): void
  close(error?: StatusError): void
}

export class WatchView implements Watcher, Disposable {
  readonly #scope: WatchScope
  readonly #subscription: Disposable
  readonly #apart = new Set<Member>()
  readonly #together = new Map<SharedSink, Set<Member>>()
  readonly #order = new WatchOrder((error) => this.#close(this.#together.values(), error))

  constructor(scope: WatchScope) {
    this.#scope = scope
    this.#subscription = scope.registry.cache.watch(this)
  }

  get fixed(): FixedField | undefined {
    return this.#scope.fixed
  }

  get size(): number {
    let size = this.#apart.size
    for (const members of this.#together.values()) size += members.size
    return size
  }

  /** For what comes from now on: together with others where `sink` can, unless they still wait for what came before. */
  join(member: Member, sink: WatchSink | undefined): Disposable {
    const shared = this.#order.isIdle ? sink?.shared?.(this) : undefined
    if (!shared) {
      this.#apart.add(member)
      return { [Symbol.dispose]: () => void this.#apart.delete(member) }
    }
    const members = this.#together.get(shared) ?? new Set()
    this.#together.set(shared, members.add(member))
    return {
      [Symbol.dispose]: () => {
        if (members.delete(member) && members.size === 0) this.#together.delete(shared)
      },
    }
  }

  /** A promise where the object has to be converted by somebody else. */
  look(event: CacheEvent): Seen | Promise<Seen> {
    const { entry, previous } = event
    const converted = this.#scope.registry.shown(previous ? [entry, previous] : [entry])
    return converted instanceof Promise
      ? converted.then((shown) => this.#outgoing(event, shown))
      : this.#outgoing(event, converted)
  }

  [Symbol.dispose](): void {
    this.#subscription[Symbol.dispose]()
  }

  ended(error?: StatusError): void {
    this.#close([this.#apart, ...this.#together.values()], error)
  }

  event(event: CacheEvent): void {
    const seen = this.look(event)
    for (const member of this.#apart) {
      // One watcher that fails must not keep the change from the others.
      try {
        member.tell(seen, event.cause)
      } catch (err) {
        member.close(internalError(err))
      }
    }
    if (this.#together.size === 0) return
    this.#order.next(seen, (outgoing) => {
      if (outgoing)
        for (const [shared, members] of this.#together) this.#tellTogether(shared, members, outgoing, event.cause)
    })
  }

  #tellTogether(shared: SharedSink, members: Set<Member>, outgoing: OutgoingEvent, cause: string): void {
    try {
      shared.event(outgoing)
      if (this.#scope.tellsEach(members.size)) for (const member of members) member.told(outgoing, cause)
    } catch (err) {
      this.#close([members], internalError(err))
    }
  }

  #close(sets: Iterable<Set<Member>>, error: StatusError | undefined): void {
    for (const member of [...sets].flatMap((members) => [...members])) member.close(error)
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
  open(key: string, scope: WatchScope): { view: WatchView; leave(): void } {
    const open = this.#open.get(key) ?? { view: new WatchView(scope), watchers: 0 }
    this.#open.set(key, open)
    open.watchers++
    return {
      view: open.view,
      leave: () => {
        if (--open.watchers > 0) return
        open.view[Symbol.dispose]()
        this.#open.delete(key)
      },
    }
  }
}
