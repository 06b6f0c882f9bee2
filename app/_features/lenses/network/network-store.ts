// The network of one session: subscribed while some part of the lens is on the page, and the connection that is chosen.

import type { SeenConnection } from '../../../../server/observe/index.ts'
import { api, wordsOf } from '../../../_api/api-client.ts'
import { NetworkModel } from './network-model.ts'

const againAfterMs = 1000
/** A count per second is of no use when the second is over. */
const staleAfterMs = 1100

/** An earlier moment, and until when it lasted, as far as that is known. */
export interface Moment {
  revision: number
  until: number | undefined
}

export class NetworkStore {
  private readonly live = new NetworkModel()
  private past: NetworkModel | undefined
  private moment: Moment | undefined
  chosen: number | undefined
  /** Why nothing comes. */
  problem = ''
  /** Something has begun within the last second. */
  isBusy = false
  private version = 0
  private viewers = new Set<() => void>()
  private watchers = new Set<(begun: readonly SeenConnection[]) => void>()
  private users = 0
  private sessionId = ''
  private subscription: { unsubscribe(): void } | undefined
  private retrying: ReturnType<typeof setTimeout> | undefined
  private calming: ReturnType<typeof setTimeout> | undefined

  subscribe = (viewer: () => void): (() => void) => {
    this.viewers.add(viewer)
    return () => this.viewers.delete(viewer)
  }

  snapshot = (): number => this.version

  /** What the screen shows. */
  get model(): NetworkModel {
    return this.past ?? this.live
  }

  /** Undefined: now. What was shown before stays until the answer is there. */
  async lookAt(sessionId: string, moment: Moment | undefined): Promise<void> {
    if (moment?.revision === this.moment?.revision) return
    this.moment = moment
    if (!moment) this.past = undefined
    else {
      const then = await api.picture.networkAt.query({ sessionId, revision: moment.revision }).catch((error) => {
        this.problem = wordsOf(error)
      })
      if (this.moment !== moment) return
      // Nobody knows when it was: then nobody heard it either.
      if (then) this.past = this.live.at(then, moment.until ?? Number.NEGATIVE_INFINITY)
    }
    this.changed()
  }

  /** Called with what has just begun, and is shown. */
  onBegun = (watcher: (begun: readonly SeenConnection[]) => void): (() => void) => {
    this.watchers.add(watcher)
    return () => this.watchers.delete(watcher)
  }

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

  choose(id: number | undefined): void {
    this.chosen = id
    this.changed()
  }

  showAll(showsAll: boolean): void {
    this.live.showsAll = showsAll
    if (this.past) this.past.showsAll = showsAll
    this.changed()
  }

  private connect(): void {
    this.close()
    this.subscription = api.picture.network.subscribe(
      { sessionId: this.sessionId },
      {
        onData: (push) => {
          this.problem = ''
          const begun = this.live.apply(push)
          if (begun.length > 0 && !this.moment) {
            this.beBusy()
            for (const watcher of this.watchers) watcher(begun)
          }
          this.changed()
        },
        onComplete: () => this.connectLater(),
        onError: (error) => {
          this.problem = wordsOf(error)
          this.changed()
          this.connectLater()
        },
      },
    )
  }

  private beBusy(): void {
    this.isBusy = true
    clearTimeout(this.calming)
    this.calming = setTimeout(() => {
      this.isBusy = false
      this.changed()
    }, staleAfterMs)
  }

  private connectLater(): void {
    clearTimeout(this.retrying)
    this.retrying = setTimeout(() => this.users > 0 && this.connect(), againAfterMs)
  }

  private close(): void {
    clearTimeout(this.retrying)
    clearTimeout(this.calming)
    this.isBusy = false
    this.subscription?.unsubscribe()
  }

  private changed(): void {
    this.version++
    for (const viewer of this.viewers) viewer()
  }
}
