// Objects of some kinds of one cluster, kept while somebody looks: one set of informers, shared by all who look, and none
// when nobody does. Kinds that are only named and owned are watched as PartialObjectMetadata, so that no Secret's content
// comes this way.

import type { Clock } from '../base/clock.ts'
import type { Logger } from '../base/logger.ts'
import type { KubeObject } from '../kube/apimachinery/index.ts'
import { createClient, SharedInformer, type Transport } from '../kube/client/index.ts'
import type { AnyKind } from '../kube/kinds/define-kind.ts'
import type { Raw } from './seen-object.ts'

/** How a feed reaches its cluster. */
export interface FeedOptions {
  /** Opened when the first viewer comes, closed after the last has gone. */
  connect: () => Transport & Disposable
  clock: Clock
  logger: Logger
  random: () => number
}

export interface WatchedObjectsOptions extends FeedOptions {
  kinds: readonly AnyKind[]
  isReadWhole: (kind: AnyKind) => boolean
}

const PARTIAL = 'application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1'
const PARTIAL_LIST = 'application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1'
const LINGER_MS = 15_000
const LEAST_BETWEEN_PUSHES_MS = 100

interface Running {
  informers: SharedInformer<KubeObject>[]
  stop(): void
}

export class WatchedObjects implements Disposable {
  readonly #options: WatchedObjectsOptions
  readonly #listeners = new Set<() => void>()
  #running: Running | undefined
  #lingering: Disposable | undefined

  constructor(options: WatchedObjectsOptions) {
    this.#options = options
  }

  /** Looks whenever something changed, and pushes what `look` finds new. */
  async *whenever<T>(signal: AbortSignal, look: (all: Raw[]) => T | undefined): AsyncGenerator<T> {
    const { clock } = this.#options
    let wake = Promise.withResolvers<void>()
    const listener = () => wake.resolve()
    const running = this.#join(listener)
    signal.addEventListener('abort', listener, { once: true })
    try {
      while (!signal.aborted && this.#running === running) {
        wake = Promise.withResolvers()
        const push = running.informers.every((informer) => informer.hasSynced()) ? look(allOf(running)) : undefined
        if (push !== undefined) yield push
        await wake.promise
        await clock.sleep(LEAST_BETWEEN_PUSHES_MS, signal).catch(() => undefined)
      }
    } finally {
      signal.removeEventListener('abort', listener)
      this.#leave(listener)
    }
  }

  [Symbol.dispose](): void {
    this.#lingering?.[Symbol.dispose]()
    this.#running?.stop()
    this.#running = undefined
    this.#tell()
  }

  #join(listener: () => void): Running {
    this.#lingering?.[Symbol.dispose]()
    this.#lingering = undefined
    this.#listeners.add(listener)
    this.#running ??= this.#open()
    return this.#running
  }

  #leave(listener: () => void): void {
    this.#listeners.delete(listener)
    if (this.#listeners.size > 0 || !this.#running) return
    // Whoever only changes the lens or loads the page again finds it still there.
    this.#lingering = this.#options.clock.setTimeout(() => {
      this.#running?.stop()
      this.#running = undefined
    }, LINGER_MS)
  }

  #open(): Running {
    const { connect, kinds, isReadWhole, ...rest } = this.#options
    const transport = connect()
    const whole = createClient(transport)
    const partial = createClient(metadataOnly(transport))
    const stop = new AbortController()
    const informers = kinds.map((kind) => {
      const client = isReadWhole(kind) ? whole : partial
      const informer = new SharedInformer<KubeObject>({ ...rest, client, kind, onHeard: () => this.#tell() })
      void informer.start(stop.signal).catch(() => undefined)
      return informer
    })
    return {
      informers,
      stop: () => {
        stop.abort(new Error('nobody looks at the objects any more'))
        transport[Symbol.dispose]()
      },
    }
  }

  #tell(): void {
    for (const listener of this.#listeners) listener()
  }
}

function allOf({ informers }: Running): Raw[] {
  return informers.flatMap(({ kind, cache }) => cache.list().map((object) => ({ kind, object })))
}

function metadataOnly(transport: Transport): Transport {
  return {
    request: (request) => transport.request({ ...request, accept: PARTIAL_LIST }),
    watch: (request) => transport.watch({ ...request, accept: PARTIAL }),
    stream: (request) => transport.stream(request),
  }
}
