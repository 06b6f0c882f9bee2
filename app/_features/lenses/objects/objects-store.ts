// The objects of one session: subscribed while some part of the lens is on the page, and the selector that was typed.

import type { PastMoment } from '../../../../server/observe/index.ts'
import { api, wordsOf } from '../../../_api/api-client.ts'
import { ObjectsModel } from './objects-model.ts'

const askAfterMs = 200
const againAfterMs = 1000

interface Subscription {
  unsubscribe(): void
}

export class ObjectsStore {
  private readonly live = new ObjectsModel()
  private readonly momentNow: () => PastMoment | undefined
  private past: { moment: PastMoment; model: ObjectsModel } | undefined
  selector = ''
  namespace = 'default'
  matched: ReadonlySet<string> = new Set()
  /** What is wrong with the selector, or with the stream. */
  problem = ''
  private version = 0
  private viewers = new Set<() => void>()
  private users = 0
  private sessionId = ''
  private objects: Subscription | undefined
  private selected: Subscription | undefined
  private asking: ReturnType<typeof setTimeout> | undefined
  private retrying: ReturnType<typeof setTimeout> | undefined

  constructor(picture: { readonly moment: PastMoment | undefined }) {
    this.momentNow = () => picture.moment
  }

  /** The objects of the moment that the picture shows. */
  get model(): ObjectsModel {
    const moment = this.momentNow()
    if (!moment) return this.live
    if (this.past?.moment !== moment) {
      const model = new ObjectsModel()
      model.apply({ whole: true, objects: moment.objects, gone: [] })
      this.past = { moment, model }
    }
    return this.past.model
  }

  /** Selectors are asked of the cluster as it is now. */
  get mayAsk(): boolean {
    return this.momentNow() === undefined
  }

  subscribe = (viewer: () => void): (() => void) => {
    this.viewers.add(viewer)
    return () => this.viewers.delete(viewer)
  }

  snapshot = (): number => this.version

  /** Keeps the stream open until the returned function is called; several parts share it. */
  open(sessionId: string): () => void {
    this.users++
    if (this.users === 1 || sessionId !== this.sessionId) {
      this.sessionId = sessionId
      this.connect()
    }
    return () => {
      this.users--
      if (this.users === 0) this.close()
    }
  }

  setSelector(text: string): void {
    this.selector = text
    this.askSoon()
  }

  setNamespace(namespace: string): void {
    this.namespace = namespace
    this.askSoon()
  }

  private connect(): void {
    this.close()
    this.objects = api.picture.objects.subscribe(
      { sessionId: this.sessionId },
      {
        onData: (push) => {
          this.live.apply(push)
          this.changed()
        },
        onComplete: () => this.connectLater(),
        onError: () => this.connectLater(),
      },
    )
    this.ask()
  }

  private connectLater(): void {
    clearTimeout(this.retrying)
    this.retrying = setTimeout(() => this.users > 0 && this.connect(), againAfterMs)
  }

  private close(): void {
    clearTimeout(this.asking)
    clearTimeout(this.retrying)
    this.objects?.unsubscribe()
    this.selected?.unsubscribe()
  }

  private askSoon(): void {
    clearTimeout(this.asking)
    this.asking = setTimeout(() => this.ask(), askAfterMs)
    this.changed()
  }

  private ask(): void {
    const { sessionId, selector, namespace } = this
    this.selected?.unsubscribe()
    if (selector.trim() === '' || this.users === 0) {
      this.matched = new Set()
      this.problem = ''
      this.changed()
      return
    }
    this.selected = api.picture.selected.subscribe(
      { sessionId, selector, namespace },
      {
        onData: ({ uids, problem }) => {
          this.matched = new Set(uids)
          this.problem = problem
          this.changed()
        },
        onError: (error) => {
          this.problem = wordsOf(error)
          this.changed()
        },
      },
    )
  }

  private changed(): void {
    this.version++
    for (const viewer of this.viewers) viewer()
  }
}
