// Objects of some kinds of one cluster, kept while somebody looks: one set of informers, shared by all who look, and none
// when nobody does. Kinds that are only named and owned are watched as PartialObjectMetadata, so that no Secret's content
// comes this way.

import type { Clock } from '../base/clock.ts'
import type { Logger } from '../base/logger.ts'
import type { KubeObject } from '../kube/apimachinery/index.ts'
import { createClient, SharedInformer, type Transport } from '../kube/client/index.ts'
import type { AnyKind } from '../kube/kinds/define-kind.ts'
import { OpenWhileWatched } from './open-while-watched.ts'
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

interface Running extends Disposable {
  informers: SharedInformer<KubeObject>[]
}

export class WatchedObjects implements Disposable {
  readonly #options: WatchedObjectsOptions
  readonly #running: OpenWhileWatched<Running>

  constructor(options: WatchedObjectsOptions) {
    this.#options = options
    this.#running = new OpenWhileWatched({ open: () => this.#open(), lingerMs: LINGER_MS, clock: options.clock })
  }

  /** Looks whenever something changed, and pushes what `look` finds new. */
  whenever<T>(signal: AbortSignal, look: (all: Raw[]) => T | undefined): AsyncGenerator<T> {
    return this.#running.whenever(signal, (running) =>
      running.informers.every((informer) => informer.hasSynced()) ? look(allOf(running)) : undefined,
    )
  }

  [Symbol.dispose](): void {
    this.#running[Symbol.dispose]()
  }

  #open(): Running {
    const { connect, kinds, isReadWhole, ...rest } = this.#options
    const transport = connect()
    const whole = createClient(transport)
    const partial = createClient(metadataOnly(transport))
    const stop = new AbortController()
    const informers = kinds.map((kind) => {
      const client = isReadWhole(kind) ? whole : partial
      const informer = new SharedInformer<KubeObject>({ ...rest, client, kind, onHeard: () => this.#running.tell() })
      void informer.start(stop.signal).catch(() => undefined)
      return informer
    })
    return {
      informers,
      [Symbol.dispose]: () => {
        stop.abort(new Error('nobody looks at the objects any more'))
        transport[Symbol.dispose]()
      },
    }
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
