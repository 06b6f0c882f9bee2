// One watch on the store feeds the caches of all resources: one cursor, so "how far have we heard" is one number, and a
// reader that must see everything written so far waits for that number only.

import type { Logger } from '../../../base/logger.ts'
import { type JsonObject, writeJson } from '../../apimachinery/json.ts'
import type { KubeObject } from '../../apimachinery/object-meta.ts'
import { expired, StatusError } from '../../apimachinery/status-error.ts'
import type { AnyKind } from '../../kinds/define-kind.ts'
import { writeEmptyFields } from '../../schemas/empty-fields.ts'
import type { Schemas } from '../../schemas/schemas.ts'
import { assertShape, mendCustom } from '../../schemas/stored-shape.ts'
import { CompactedError, type KeyValue, type Store, type StoreEvent, type Watch } from '../../store/store.ts'
import { storagePrefix } from '../registry/storage-keys.ts'
import type { CauseMap } from './cause-map.ts'
import { decodeStored, type Entry, withRevision } from './entry.ts'
import { ResourceCache } from './resource-cache.ts'
import type { WritesInFlight } from './writes-in-flight.ts'

const ROOT = '/registry/'
const ROOT_END = '/registry0'

export interface StoreFeedOptions {
  store: Store
  kinds: readonly AnyKind[]
  schemas: Schemas
  logger: Logger
  writes: WritesInFlight
  causes: CauseMap
}

interface HeldEvent {
  revision: number
  event: StoreEvent
}

export class StoreFeed implements Disposable {
  readonly #options: StoreFeedOptions
  readonly #caches = new Map<string, ResourceCache>()
  /** What has happened to kinds whose caches are being filled. */
  readonly #loading = new Map<string, HeldEvent[]>()
  #watch: Watch | undefined
  #revision = 0
  #waiting: { revision: number; resolve: () => void; reject: (reason: unknown) => void }[] = []
  /** Set when the store will tell us nothing more: then nobody may wait for it. */
  #failure: StatusError | undefined
  #closed = false

  private constructor(options: StoreFeedOptions) {
    this.#options = options
    for (const kind of options.kinds) {
      const prefix = storagePrefix(kind)
      if (!this.#caches.has(prefix)) this.#caches.set(prefix, new ResourceCache(kind, prefix, options.logger))
    }
  }

  static async start(options: StoreFeedOptions): Promise<StoreFeed> {
    const feed = new StoreFeed(options)
    await feed.#listAndWatch()
    return feed
  }

  /** Every event up to here has reached the caches and their watchers. */
  get revision(): number {
    return this.#revision
  }

  holds(kind: AnyKind): boolean {
    return this.#caches.has(storagePrefix(kind))
  }

  cacheOf(kind: AnyKind): ResourceCache {
    const cache = this.#caches.get(storagePrefix(kind))
    if (!cache) throw new Error(`no cache for ${kind.plural}`)
    return cache
  }

  /** A cache for a kind that has come while the server runs; resolves when it holds what is stored. */
  async add(kind: AnyKind): Promise<ResourceCache> {
    const prefix = storagePrefix(kind)
    const cache = new ResourceCache(kind, prefix, this.#options.logger)
    for (;;) {
      const held: HeldEvent[] = []
      this.#loading.set(prefix, held)
      try {
        const listed = await this.#options.store.range({ key: prefix, rangeEnd: `${prefix.slice(0, -1)}0` })
        await this.reached(listed.revision)
        // The store was listed anew meanwhile: what came between the two lists may have been missed.
        if (this.#loading.get(prefix) !== held) continue
        const entries = listed.kvs.flatMap((kv) => this.#decode(kind, kv) ?? [])
        cache.reset(listed.revision, entries)
        this.#caches.set(prefix, cache)
        for (const { revision, event } of held) if (revision > listed.revision) this.#apply(revision, event)
        return cache
      } finally {
        if (this.#loading.get(prefix) === held) this.#loading.delete(prefix)
      }
    }
  }

  /** Its watchers are ended; they will not find the kind again. */
  remove(kind: AnyKind): void {
    const prefix = storagePrefix(kind)
    this.#caches.get(prefix)?.endWatchers()
    this.#caches.delete(prefix)
  }

  caches(): Iterable<ResourceCache> {
    return this.#caches.values()
  }

  /** Resolves when the caches hold everything that is in the store now. Undefined: they already do. */
  caughtUp(): Promise<void> | undefined {
    const newest = this.#options.store.newestRevision()
    return typeof newest === 'number' ? this.reached(newest) : newest.then((revision) => this.reached(revision))
  }

  reached(revision: number): Promise<void> | undefined {
    if (this.#failure) throw this.#failure
    if (this.#revision >= revision) return undefined
    const reached = new Promise<void>((resolve, reject) => this.#waiting.push({ revision, resolve, reject }))
    // Revisions outside /registry/ come as no event; progress tells us that they are behind us.
    this.#watch?.requestProgress()
    return reached
  }

  async #listAndWatch(): Promise<void> {
    const { store } = this.#options
    const listed = await store.range({ key: ROOT, rangeEnd: ROOT_END })
    this.#loading.clear()
    const byPrefix = new Map<string, Entry[]>()
    for (const kv of listed.kvs) {
      const cache = this.#cacheOfKey(kv.key)
      const entry = cache && this.#decode(cache.kind, kv)
      if (!entry) continue
      const entries = byPrefix.get(cache.prefix)
      if (entries) entries.push(entry)
      else byPrefix.set(cache.prefix, [entry])
    }
    for (const cache of this.#caches.values()) cache.reset(listed.revision, byPrefix.get(cache.prefix) ?? [])
    if (this.#closed) return
    this.#watch = store.watch(
      { key: ROOT, rangeEnd: ROOT_END, startRevision: listed.revision + 1 },
      {
        events: (revision, events) => {
          for (const event of events) this.#apply(revision, event)
          this.#advance(revision)
        },
        progress: (revision) => this.#advance(revision),
        ended: (error) => this.#ended(error),
      },
    )
    this.#advance(listed.revision)
  }

  #apply(revision: number, { type, kv }: StoreEvent): void {
    const cache = this.#cacheOfKey(kv.key)
    if (!cache) {
      for (const [prefix, held] of this.#loading)
        if (kv.key.startsWith(prefix)) held.push({ revision, event: { type, kv } })
      return
    }
    const { writes, causes } = this.#options
    const write = writes.find(kv.key, revision, type === 'put' ? kv.value : undefined)
    if (write) causes.set(revision, write.origin)
    const cause = (write?.origin ?? causes.get(revision))?.cause ?? ''
    if (type === 'delete') {
      cache.delete(kv.key, revision, cause)
      return
    }
    const entry = write
      ? { key: kv.key, revision, value: kv.value, object: write.objectAt(revision) }
      : this.#decode(cache.kind, kv)
    if (entry) cache.put(entry, cause)
    // As after a start, what cannot be read is not there. Who changes what was there before would try again for ever.
    else cache.delete(kv.key, revision, cause)
  }

  /** A value that nobody can read must not take the others with it. One of before we wrote all that Go does is completed. */
  #decode(kind: AnyKind, kv: KeyValue): Entry | undefined {
    try {
      const object = decodeStored(kv.value)
      const { schemas } = this.#options
      if (kind.schema) {
        const isMended = mendCustom(schemas, object as JsonObject)
        return entryWith(object, isMended ? { ...kv, value: Buffer.from(writeJson(object)) } : kv)
      }
      assertShape(schemas, kind, object as JsonObject)
      writeEmptyFields(schemas, kind, object as JsonObject)
      return entryWith(object, kv)
    } catch (err) {
      this.#options.logger.error('a stored object cannot be read', { key: kv.key, err })
      return undefined
    }
  }

  #cacheOfKey(key: string): ResourceCache | undefined {
    // The resource is the first part of the path, or the first two: /registry/pods/…, /registry/services/specs/…
    const first = key.indexOf('/', ROOT.length)
    if (first < 0) return undefined
    const cache = this.#caches.get(key.slice(0, first + 1))
    if (cache) return cache
    const second = key.indexOf('/', first + 1)
    return second < 0 ? undefined : this.#caches.get(key.slice(0, second + 1))
  }

  #advance(revision: number): void {
    if (revision > this.#revision) this.#revision = revision
    if (this.#waiting.length === 0) return
    const ready = this.#waiting.filter((waiter) => waiter.revision <= this.#revision)
    if (ready.length === 0) return
    this.#waiting = this.#waiting.filter((waiter) => waiter.revision > this.#revision)
    for (const waiter of ready) waiter.resolve()
  }

  #ended(error: Error | undefined): void {
    if (this.#closed) return
    for (const cache of this.#caches.values()) {
      cache.endWatchers(error instanceof CompactedError ? expired('too old resource version') : undefined)
    }
    if (!(error instanceof CompactedError)) {
      this.#fail(error)
      return
    }
    this.#listAndWatch().catch((err) => {
      this.#options.logger.error('cannot list the store again', { err })
      this.#fail(err)
    })
  }

  #fail(cause: unknown): void {
    this.#failure = new StatusError('ServiceUnavailable', 'etcdserver: server stopped', { cause })
    for (const waiter of this.#waiting.splice(0)) waiter.reject(this.#failure)
  }

  /** Watchers are told that it is over, while writes under way still want to hear of themselves. */
  endWatchers(): void {
    for (const cache of this.#caches.values()) cache.endWatchers()
  }

  [Symbol.dispose](): void {
    this.#closed = true
    this.#watch?.[Symbol.dispose]()
    this.endWatchers()
    for (const waiter of this.#waiting.splice(0)) waiter.resolve()
  }
}

export const entryOf = (kv: KeyValue): Entry => entryWith(decodeStored(kv.value), kv)

const entryWith = (object: KubeObject, { key, modRevision, value }: KeyValue): Entry => ({
  key,
  revision: modRevision,
  value,
  object: withRevision(object, modRevision),
})
