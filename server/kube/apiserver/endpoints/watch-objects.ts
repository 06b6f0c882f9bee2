// Watches: what has changed since a revision, and then everything that changes.
//
//   no resourceVersion, or 0    the objects there are, as ADDED, then changes
//   resourceVersion N           what came after N, then changes; 410 when N is too long ago
//   sendInitialEvents=true      the objects there are, a bookmark that says "these were all", then changes
//
// Upstream: apiserver/pkg/endpoints/handlers/watch.go, storage/cacher/cache_watcher.go.

import type { Trace } from '../../../base/trace.ts'
import { internalError, StatusError } from '../../apimachinery/status-error.ts'
import { type AnyKind, apiVersionOf } from '../../kinds/define-kind.ts'
import { writeEmptyFields } from '../../schemas/empty-fields.ts'
import type { Schemas } from '../../schemas/schemas.ts'
import type { Store } from '../../store/store.ts'
import { parseRevision, selects, tooLarge } from '../registry/list.ts'
import { listPrefix } from '../registry/storage-keys.ts'
import type { OutgoingEvent, WatchAnswer, WatchSink } from '../request-path/answer.ts'
import type { Entry } from '../watch-cache/entry.ts'
import type { StoreFeed } from '../watch-cache/store-feed.ts'
import type { Call } from './object-endpoints.ts'
import { listRequestOf } from './object-endpoints.ts'
import { termsOf, type WatchBudget } from './watch-budget.ts'
import { WatchOrder } from './watch-order.ts'
import type { Seen } from './watch-view.ts'

const BOOKMARK_MS = 60_000
const SHORTEST_MS = 30 * 60_000
/** Of one timer: Node takes what does not fit into 31 bits for "at once". */
const LONGEST_MS = 24 * 3600_000
/** Deliveries of one change beyond which the trace hears of none, unless somebody looks: it would forget all else over them. */
const MANY = 100
/** Bookmarks come this long before a watch ends, so that its successor can start from there. */
const LAST_BOOKMARK_MS = 2_000

export async function watchObjects(
  call: Call,
  { feed, store, trace, watchBudget }: { feed: StoreFeed; store: Store; trace: Trace; watchBudget: WatchBudget },
): Promise<WatchAnswer> {
  const { context, info, registry, served, schemas } = call
  const { kind, cache } = registry
  const options = listRequestOf(call)
  const { selection: asked, namespace, allowWatchBookmarks: wantsBookmarks, resourceVersion } = options
  // The oldest form names one object in the path.
  const selection = info.name && info.subresource === '' ? withName(asked, info.name) : asked
  const terms = termsOf(selection)
  watchBudget.assertRoom(terms)
  const prefix = listPrefix(kind, namespace)
  const sendInitial = options.sendInitialEvents
  const timeoutMs = 1000 * (options.timeoutSeconds || 0) || SHORTEST_MS + Math.floor(Math.random() * SHORTEST_MS)
  const asOf = parseRevision(resourceVersion)
  const newest = await store.newestRevision()
  if (asOf > newest) throw tooLarge(asOf, newest)
  await feed.reached(asOf)
  if (resourceVersion === '') await feed.caughtUp()
  const startsWithAll = sendInitial ?? asOf === 0

  const isIn = (entry: Entry) => entry.key.startsWith(prefix) && selects(kind, selection, entry.object)
  // All that decides what a change is to this watch.
  const key = JSON.stringify([prefix, options.labelSelector, selection.fields])
  const traced = (state: 'open' | 'closed') =>
    trace.emit({
      type: 'watch',
      at: context.clock.now(),
      state,
      watch: context.id,
      client: context.client,
      group: kind.group,
      resource: kind.plural,
      namespace,
    })

  return { type: 'watch', kind: served.kind, start }

  function start(sink: WatchSink): Disposable {
    const { clock } = context
    const startedAt = clock.monotonic()
    let isOpen = true
    let timer: Disposable | undefined
    traced('open')

    const told = ({ type, object: { metadata }, entry }: OutgoingEvent, cause: string) => {
      if (type === 'BOOKMARK') return
      trace.emit({
        type: 'deliver',
        at: clock.now(),
        revision: entry?.revision ?? 0,
        event: type,
        client: context.client,
        watch: context.id,
        group: kind.group,
        resource: kind.plural,
        namespace: metadata?.namespace ?? '',
        name: metadata?.name ?? '',
        cause,
      })
    }
    const deliver = (event: OutgoingEvent, cause: string) => {
      sink.event(event)
      told(event, cause)
    }
    const tell = (coming: Seen | Promise<Seen>, cause: string) => {
      // A loop's watch hears of each change here: nothing is made for it that is not needed.
      if (order.isIdle && !(coming instanceof Promise)) tellNow(coming, cause)
      else order.next(coming, (seen) => tellNow(seen, cause))
    }
    const tellNow = (seen: Seen, cause: string) => {
      if (isOpen && seen) deliver(seen, cause)
    }
    const bookmark = (isEndOfInitial = false) =>
      sink.event({ type: 'BOOKMARK', object: bookmarkOf(schemas, served.kind, feed.revision, isEndOfInitial) })
    const close = (error?: StatusError) => {
      if (!isOpen) return
      isOpen = false
      membership?.[Symbol.dispose]()
      leave()
      taken[Symbol.dispose]()
      timer?.[Symbol.dispose]()
      context.signal?.removeEventListener('abort', onAbort)
      traced('closed')
      sink.end(error)
    }
    const onAbort = () => close()
    const order = new WatchOrder(close)
    const shownEntry = (entry: Entry) => served.shownEntry(entry)
    const tellsEach = (size: number) => size <= MANY || trace.isWatched !== false
    const scope = { registry, isIn, fixed: registry.fixedField(selection), shownEntry, tellsEach }
    const taken = watchBudget.take(terms)
    const { view, leave } = served.views.open(key, scope)
    let membership: Disposable | undefined

    if (startsWithAll) {
      order.next(registry.shown(cache.under(prefix)), (entries) => {
        for (const stored of entries) {
          if (!isIn(stored)) continue
          const entry = served.shownEntry(stored)
          deliver({ type: 'ADDED', object: entry.object, entry }, '')
        }
        // Only to those who know what bookmarks are.
        if (sendInitial && wantsBookmarks) bookmark(true)
      })
    }
    try {
      for (const event of cache.since(startsWithAll || asOf === 0 ? feed.revision : asOf)) {
        tell(view.look(event), event.cause)
      }
      // Whoever still waits for a conversion is told alone.
      if (isOpen) membership = view.join({ tell, told, close }, order.isIdle ? sink : undefined)
    } catch (err) {
      close(err instanceof StatusError ? err : internalError(err))
    }
    schedule()
    if (context.signal?.aborted) close()
    else context.signal?.addEventListener('abort', onAbort, { once: true })
    return { [Symbol.dispose]: () => close() }

    /** The next bookmark or the end, whichever comes first. */
    function schedule(): void {
      if (!isOpen) return
      const leftMs = timeoutMs - (clock.monotonic() - startedAt)
      if (leftMs <= 0) {
        close()
        return
      }
      const beforeLast = leftMs - LAST_BOOKMARK_MS
      const delayMs =
        wantsBookmarks && beforeLast > 0 ? Math.min(BOOKMARK_MS, beforeLast) : Math.min(leftMs, LONGEST_MS)
      timer = clock.setTimeout(() => {
        if (!isOpen) return
        if (wantsBookmarks && delayMs < leftMs) bookmark()
        schedule()
      }, delayMs)
    }
  }
}

const withName = (selection: ReturnType<typeof listRequestOf>['selection'], name: string) => ({
  ...selection,
  fields: [...selection.fields, { field: 'metadata.name', equal: true, value: name }],
})

/** To Go an object of the kind in which nothing is set but the revision. */
function bookmarkOf(schemas: Schemas, kind: AnyKind, revision: number, isEndOfInitial: boolean) {
  const bookmark = {
    kind: kind.kind,
    apiVersion: apiVersionOf(kind),
    metadata: {
      resourceVersion: String(revision),
      ...(isEndOfInitial ? { annotations: { 'k8s.io/initial-events-end': 'true' } } : {}),
    },
  }
  writeEmptyFields(schemas, kind, bookmark)
  return bookmark
}
