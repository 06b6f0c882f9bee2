// One reflector, one cache, many listeners: how a loop sees the cluster.
//
//   API server ─► Reflector ─► DeltaFifo ─► cache, then handlers
//
// What a handler may rely on: the cache already holds what it is told; events of one object come in order; there is
// no order between objects; several changes of one object may arrive as one, but an update never leads from one object to
// another of its name: such a one is told as deleted and added. Objects are frozen. Handlers run one after the other and must be quick: put a key in a queue.
// Upstream: client-go/tools/cache/shared_informer.go.

import type { Clock } from '../../base/clock.ts'
import type { Logger } from '../../base/logger.ts'
import { deepFreeze } from '../apimachinery/deep.ts'
import type { KubeObject } from '../apimachinery/object-meta.ts'
import type { Kind } from '../kinds/define-kind.ts'
import type { Client } from './client.ts'
import { type Delta, DeltaFifo } from './delta-fifo.ts'

import { IndexedCache } from './indexed-cache.ts'
import { Reflector, type Selection } from './reflector.ts'

export type Change<T extends KubeObject> =
  | { type: 'added'; object: T; initial: boolean }
  | { type: 'updated'; object: T; previous: T }
  | { type: 'deleted'; object: T; finalStateUnknown: boolean }

export type ChangeHandler<T extends KubeObject> = (change: Change<T>) => void

export interface InformerOptions<T extends KubeObject> {
  client: Client
  kind: Kind<T>
  clock: Clock
  random: () => number
  logger: Logger
  selection?: Selection
  /** Tells handlers of everything again this often, as updates that change nothing. */
  resyncMs?: number
  /** Called after anything was heard: objects, or a bookmark that only moves the revision. */
  onHeard?: () => void
}

export class SharedInformer<T extends KubeObject> {
  readonly cache = new IndexedCache<T>()
  readonly #options: InformerOptions<T>
  readonly #fifo: DeltaFifo<T>
  readonly #handlers = new Set<ChangeHandler<T>>()
  readonly #synced = Promise.withResolvers<void>()
  #heardRevision = 0
  #shownRevision = 0
  #draining = false
  #started = false

  constructor(options: InformerOptions<T>) {
    this.#options = options
    this.#fifo = new DeltaFifo<T>(this.cache, () => this.#drainSoon())
  }

  get kind(): Kind<T> {
    return this.#options.kind
  }

  /** Resolves when the cache holds the first list and every handler has heard of it. */
  get synced(): Promise<void> {
    return this.#synced.promise
  }

  hasSynced(): boolean {
    return this.#fifo.hasSynced()
  }

  /** The newest revision that the cache reflects. */
  get revision(): number {
    return this.#shownRevision
  }

  /** Keys whose news have not reached cache and handlers yet. */
  get pending(): number {
    return this.#fifo.length
  }

  /** A handler that comes late is told of everything in the cache as if it had just been added. */
  addHandler(handler: ChangeHandler<T>): Disposable {
    this.#handlers.add(handler)
    for (const object of this.cache.list()) this.#tell(handler, { type: 'added', object, initial: true })
    return { [Symbol.dispose]: () => void this.#handlers.delete(handler) }
  }

  /** Runs until the signal; the promise says when it has ended. */
  start(signal: AbortSignal): Promise<void> {
    if (this.#started) throw new Error(`informer of ${this.kind.kind} is started already`)
    this.#started = true
    this.#resyncLater(signal)
    const fifo = this.#fifo
    const hear = (resourceVersion: string) => {
      this.#heardRevision = Math.max(this.#heardRevision, Number(resourceVersion) || 0)
    }
    const reflector = new Reflector<T>({
      ...this.#options,
      target: {
        replace: (objects, revision) => {
          // A list may come from a server that lost its data, so it may also set the revision back.
          this.#heardRevision = Number(revision) || 0
          fifo.replace(objects.map(deepFreeze))
        },
        add: (object, revision) => {
          hear(revision)
          fifo.add(deepFreeze(object))
        },
        update: (object, revision) => {
          hear(revision)
          fifo.update(deepFreeze(object))
        },
        delete: (object, revision) => {
          hear(revision)
          fifo.delete(deepFreeze(object))
        },
        bookmark: (revision) => {
          hear(revision)
          this.#drainSoon()
        },
      },
    })
    return reflector.run(signal)
  }

  #resyncLater(signal: AbortSignal): void {
    const { resyncMs, clock } = this.#options
    if (!resyncMs || signal.aborted) return
    const timer = clock.setTimeout(() => {
      this.#fifo.resync()
      this.#resyncLater(signal)
    }, resyncMs)
    signal.addEventListener('abort', () => timer[Symbol.dispose](), { once: true })
  }

  /** Not at once: what arrives in the same breath is handed on together. */
  #drainSoon(): void {
    if (this.#draining) return
    this.#draining = true
    queueMicrotask(() => {
      this.#draining = false
      this.#fifo.drain((key, deltas) => this.#apply(key, deltas))
      this.#shownRevision = this.#heardRevision
      if (this.#fifo.hasSynced()) this.#synced.resolve()
      this.#options.onHeard?.()
    })
  }

  #apply(key: string, deltas: readonly Delta<T>[]): void {
    for (const delta of deltas) {
      if (delta.type === 'Deleted' || delta.type === 'DeletedFinalStateUnknown') {
        this.cache.delete(key)
        const finalStateUnknown = delta.type === 'DeletedFinalStateUnknown'
        this.#tellAll({ type: 'deleted', object: delta.object, finalStateUnknown })
      } else {
        const { object } = delta
        const initial = !this.#fifo.hasSynced() || delta.type === 'Replaced'
        const previous = this.cache.put(object, key)
        if (previous && previous.metadata?.uid === object.metadata?.uid) {
          this.#tellAll({ type: 'updated', object, previous })
          continue
        }
        if (previous) this.#forgetNamesake(key, previous, object)
        this.#tellAll({ type: 'added', object, initial })
      }
    }
  }

  /** Deleted and made again while nobody looked. Whoever goes by owners or uids would not know the new one. */
  #forgetNamesake(key: string, known: T, object: T): void {
    this.cache.delete(key)
    this.#tellAll({ type: 'deleted', object: known, finalStateUnknown: true })
    this.cache.put(object, key)
  }

  #tellAll(change: Change<T>): void {
    for (const handler of this.#handlers) this.#tell(handler, change)
  }

  /** One handler's mistake must not keep the news from the others. */
  #tell(handler: ChangeHandler<T>, change: Change<T>): void {
    try {
      handler(change)
    } catch (err) {
      this.#options.logger.error('informer handler failed', { kind: this.kind.kind, err })
    }
  }
}
