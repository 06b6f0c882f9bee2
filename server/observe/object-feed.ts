// Every object of one cluster for the lenses: one set of informers, shared by all who look, and none when nobody does.
// Kinds that are only named and owned are watched as PartialObjectMetadata, so that no Secret's content comes this way.

import type { Clock } from '../base/clock.ts'
import type { Logger } from '../base/logger.ts'
import { type KubeObject, parseSelector, StatusError } from '../kube/apimachinery/index.ts'
import { createClient, SharedInformer, type Transport } from '../kube/client/index.ts'
import type { AnyKind } from '../kube/kinds/define-kind.ts'
import { builtInKinds } from '../kube/kinds/index.ts'
import { type Raw, type SeenObject, seeObjects, uidsOf } from './seen-object.ts'

export interface ObjectFeedOptions {
  /** Opened when the first viewer comes, closed after the last has gone. */
  connect: () => Transport & Disposable
  clock: Clock
  logger: Logger
  random: () => number
  kinds?: readonly AnyKind[]
}

/** What is new since the last push. */
export interface ObjectsPush {
  /** It holds everything: the first after (re)connecting. */
  whole: boolean
  objects: SeenObject[]
  /** Uids of what has gone. */
  gone: string[]
}

export interface SelectedPush {
  uids: string[]
  /** What is wrong with the selector, in the API server's words. */
  problem: string
}

/** They tell that something lives, and by the thousand. */
const LEFT_OUT = new Set(['Event', 'Lease'])
/** Their selectors or states are drawn, so they are read whole. */
const READ_WHOLE = new Set(['Pod', 'Deployment', 'ReplicaSet', 'Service', 'EndpointSlice', 'Node', 'Namespace'])
const PARTIAL = 'application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1'
const PARTIAL_LIST = 'application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1'
const LINGER_MS = 15_000
const LEAST_BETWEEN_PUSHES_MS = 100

interface Running {
  informers: SharedInformer<KubeObject>[]
  stop(): void
}

export class ObjectFeed implements Disposable {
  readonly #options: ObjectFeedOptions
  readonly #listeners = new Set<() => void>()
  #running: Running | undefined
  #lingering: Disposable | undefined

  constructor(options: ObjectFeedOptions) {
    this.#options = options
  }

  async *watch(signal: AbortSignal): AsyncGenerator<ObjectsPush> {
    const sent = new Map<string, string>()
    let whole = true
    yield* this.#whenever(signal, (all) => {
      const now = new Map(seeObjects(all).map((object) => [object.uid, object]))
      const gone = [...sent.keys()].filter((uid) => !now.has(uid))
      for (const uid of gone) sent.delete(uid)
      const objects = [...now.values()].filter((object) => {
        const text = JSON.stringify(object)
        const isNews = sent.get(object.uid) !== text
        sent.set(object.uid, text)
        return isNews
      })
      if (!whole && objects.length === 0 && gone.length === 0) return undefined
      const push = { whole, objects, gone }
      whole = false
      return push
    })
  }

  /** What a selector, typed by somebody, reaches among the objects of a namespace. */
  async *watchSelected(
    { selector: text, namespace }: { selector: string; namespace: string },
    signal: AbortSignal,
  ): AsyncGenerator<SelectedPush> {
    let sent: string | undefined
    yield* this.#whenever(signal, (all): SelectedPush | undefined => {
      const inside = all.map(({ object }) => object).filter(({ metadata }) => metadata?.namespace === namespace)
      const push = select(inside, text)
      const told = JSON.stringify(push)
      if (told === sent) return undefined
      sent = told
      return push
    })
  }

  [Symbol.dispose](): void {
    this.#lingering?.[Symbol.dispose]()
    this.#running?.stop()
    this.#running = undefined
    this.#tell()
  }

  /** Looks whenever something changed, and pushes what `look` finds new. */
  async *#whenever<T>(signal: AbortSignal, look: (all: Raw[]) => T | undefined): AsyncGenerator<T> {
    const { clock } = this.#options
    let wake = Promise.withResolvers<void>()
    const listener = () => wake.resolve()
    const running = this.#join(listener)
    signal.addEventListener('abort', listener, { once: true })
    try {
      while (!signal.aborted && this.#running === running) {
        wake = Promise.withResolvers()
        const push = running.informers.every((informer) => informer.hasSynced()) ? look(this.#all(running)) : undefined
        if (push !== undefined) yield push
        await wake.promise
        await clock.sleep(LEAST_BETWEEN_PUSHES_MS, signal).catch(() => undefined)
      }
    } finally {
      signal.removeEventListener('abort', listener)
      this.#leave(listener)
    }
  }

  #all({ informers }: Running): Raw[] {
    return informers.flatMap(({ kind, cache }) => cache.list().map((object) => ({ kind, object })))
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
    const { connect, kinds = builtInKinds, ...rest } = this.#options
    const transport = connect()
    const whole = createClient(transport)
    const partial = createClient(metadataOnly(transport))
    const stop = new AbortController()
    const informers = kinds
      .filter(({ kind }) => !LEFT_OUT.has(kind))
      .map((kind) => {
        const client = READ_WHOLE.has(kind.kind) ? whole : partial
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

function select(objects: readonly KubeObject[], text: string): SelectedPush {
  try {
    return { uids: text.trim() === '' ? [] : uidsOf(objects, parseSelector(text)), problem: '' }
  } catch (err) {
    if (!(err instanceof StatusError)) throw err
    return { uids: [], problem: err.message }
  }
}

function metadataOnly(transport: Transport): Transport {
  return {
    request: (request) => transport.request({ ...request, accept: PARTIAL_LIST }),
    watch: (request) => transport.watch({ ...request, accept: PARTIAL }),
    stream: (request) => transport.stream(request),
  }
}
