// Who is told of what. A watch first replays history, in slices, then is told of each revision as it becomes durable.
//
//     watch(start 5)       5 … 1004 │ 1005 … 2004 │ … up to now ──► live
//                          a slice per turn of the event loop, so that a long history stalls nobody
//
// There is no gap and no duplicate because moving to "live" and being told of a revision are both plain function calls:
// whoever has caught up with `revision()` in the first cannot have missed the second.
// Upstream: mvcc/watchable_store.go (synced and unsynced groups), watcher_group.go.

import type { Change, ChangeHistory } from './change-history.ts'
import { isTombstone } from './key-history.ts'
import { isSingleKey, rangeContains } from './key-range.ts'
import { CompactedError } from './store-error.ts'
import type { KeyValue, StoreEvent, Watch, WatchHandler, WatchRequest } from './store-interface.ts'

/** Revisions of history looked at per turn, for all watchers together. */
const SLICE = 1000

interface Watcher {
  request: WatchRequest
  handler: WatchHandler
  /** The first revision it has not been told of. */
  next: number
  wantsProgress: boolean
  stopListening: () => void
}

export interface HubSource {
  changes: ChangeHistory
  /** The newest durable revision. */
  revision(): number
  compactRevision(): number
  /** The state of a key at a revision, if that is not compacted. */
  at(key: string, revision: number): KeyValue | undefined
}

export class WatcherHub {
  readonly #source: HubSource
  readonly #behind = new Set<Watcher>()
  /** Live watchers of a single key by that key, all others together. */
  readonly #liveByKey = new Map<string, Set<Watcher>>()
  readonly #liveByRange = new Set<Watcher>()
  #catchUpScheduled = false
  #size = 0

  constructor(source: HubSource) {
    this.#source = source
  }

  get size(): number {
    return this.#size
  }

  add(request: WatchRequest, handler: WatchHandler): Watch {
    const watcher: Watcher = {
      request,
      handler,
      next: request.startRevision || this.#source.revision() + 1,
      wantsProgress: true,
      stopListening: () => {},
    }
    const dispose = () => this.#remove(watcher)
    if (!request.signal?.aborted) {
      request.signal?.addEventListener('abort', dispose, { once: true })
      watcher.stopListening = () => request.signal?.removeEventListener('abort', dispose)
      this.#size++
      this.#behind.add(watcher)
      this.#scheduleCatchUp()
    }
    return {
      requestProgress: () => {
        watcher.wantsProgress = true
        if (!this.#behind.has(watcher) && this.#isLive(watcher)) queueMicrotask(() => this.#progress(watcher))
      },
      [Symbol.dispose]: dispose,
    }
  }

  /** To be called once for every revision, in order, when it is durable. */
  publish(change: Change): void {
    const view = new EventView(change, this.#source)
    for (const state of change.states) {
      const watchers = this.#liveByKey.get(state.key)
      if (watchers) for (const watcher of watchers) this.#tell(watcher, change, view)
    }
    for (const watcher of this.#liveByRange) this.#tell(watcher, change, view)
  }

  endAll(error: Error): void {
    const all = [...this.#behind, ...this.#liveByRange, ...[...this.#liveByKey.values()].flatMap((set) => [...set])]
    for (const watcher of all) this.#end(watcher, error)
  }

  #tell(watcher: Watcher, change: Change, view: EventView): void {
    if (change.revision < watcher.next) return
    const events = view.for(watcher.request)
    if (events.length > 0) this.#call(watcher, () => watcher.handler.events(change.revision, events))
  }

  #scheduleCatchUp(): void {
    if (this.#catchUpScheduled) return
    this.#catchUpScheduled = true
    setImmediate(() => {
      this.#catchUpScheduled = false
      this.#catchUp()
      if (this.#behind.size > 0) this.#scheduleCatchUp()
    })
  }

  #catchUp(): void {
    let budget = SLICE
    // First come, first served: one that is added meanwhile waits for the next turn.
    for (const watcher of [...this.#behind]) {
      if (budget <= 0) return
      budget -= this.#replay(watcher, budget)
    }
  }

  /** Returns how many revisions were looked at. */
  #replay(watcher: Watcher, most: number): number {
    const compactRevision = this.#source.compactRevision()
    if (watcher.next < compactRevision) {
      this.#end(watcher, new CompactedError(compactRevision))
      return 0
    }
    const newest = this.#source.revision()
    const first = watcher.next
    const last = Math.min(newest, first + most - 1)
    for (let revision = first; revision <= last && this.#behind.has(watcher); revision++) {
      watcher.next = revision + 1
      const change = this.#source.changes.at(revision)
      if (!change) continue
      const events = new EventView(change, this.#source).for(watcher.request)
      if (events.length > 0) this.#call(watcher, () => watcher.handler.events(revision, events))
    }
    if (watcher.next > newest && this.#behind.delete(watcher)) this.#goLive(watcher)
    return Math.max(1, last - first + 1)
  }

  #goLive(watcher: Watcher): void {
    if (isSingleKey(watcher.request)) {
      const set = this.#liveByKey.get(watcher.request.key) ?? new Set()
      this.#liveByKey.set(watcher.request.key, set.add(watcher))
    } else this.#liveByRange.add(watcher)
    this.#progress(watcher)
  }

  #progress(watcher: Watcher): void {
    // One that waits for a revision in the future has heard of nothing yet.
    const revision = this.#source.revision()
    if (!watcher.wantsProgress || !this.#isLive(watcher)) return
    watcher.wantsProgress = false
    this.#call(watcher, () => watcher.handler.progress?.(revision))
  }

  #isLive(watcher: Watcher): boolean {
    return this.#liveByRange.has(watcher) || this.#liveByKey.get(watcher.request.key)?.has(watcher) === true
  }

  #remove(watcher: Watcher): boolean {
    const byKey = this.#liveByKey.get(watcher.request.key)
    const wasLiveByKey = byKey?.delete(watcher) ?? false
    if (byKey?.size === 0) this.#liveByKey.delete(watcher.request.key)
    const removed = wasLiveByKey || this.#behind.delete(watcher) || this.#liveByRange.delete(watcher)
    if (removed) {
      this.#size--
      watcher.stopListening()
    }
    return removed
  }

  #end(watcher: Watcher, error: Error): void {
    if (!this.#remove(watcher)) return
    try {
      watcher.handler.ended(error)
    } catch {
      // It is gone already, and its bug must not keep the others from their events.
    }
  }

  /** A handler's bug ends its own watch and touches nobody else's. */
  #call(watcher: Watcher, call: () => void): void {
    try {
      call()
    } catch (error) {
      this.#end(watcher, error as Error)
    }
  }
}

/** The events of one change, built once for however many watchers want them. */
class EventView {
  readonly #change: Change
  readonly #source: HubSource
  readonly #events: (StoreEvent | undefined)[] = []
  readonly #withPrevious: (StoreEvent | undefined)[] = []

  constructor(change: Change, source: HubSource) {
    this.#change = change
    this.#source = source
  }

  for(request: WatchRequest): StoreEvent[] {
    const events: StoreEvent[] = []
    for (const [index, state] of this.#change.states.entries()) {
      if (rangeContains(request, state.key)) events.push(this.#event(index, state, request.prevKv === true))
    }
    return events
  }

  #event(index: number, state: KeyValue, withPrevious: boolean): StoreEvent {
    const built = withPrevious ? this.#withPrevious : this.#events
    const known = built[index]
    if (known) return known
    const previous = withPrevious ? this.#source.at(state.key, state.modRevision - 1) : undefined
    const event: StoreEvent = {
      type: isTombstone(state) ? 'delete' : 'put',
      kv: state,
      ...(previous && { prevKv: previous }),
    }
    built[index] = event
    return event
  }
}
