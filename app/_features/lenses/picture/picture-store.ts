// The live picture of one session: subscribes, feeds the model, and tells two kinds of listeners. Dots are handed on at
// once, one call per push; React hears at most ten times a second, and four times in a burst, so that dots keep moving.
// While an earlier moment is looked at, what comes is taken in all the same, and nothing of it is shown.

import type { PastMoment, PicturePush } from '../../../../server/observe/index.ts'
import { api, wordsOf } from '../../../_api/api-client.ts'
import { goOn, pastModel } from '../time/past-model.ts'
import type { Viewer } from '../time/time-machine.ts'
import { type Dot, PictureModel } from './picture-model.ts'

type LoopOrder = Parameters<typeof api.picture.steer.mutate>[0]['order']

export interface Connection {
  /** `resting`: nobody is asked any more; what was heard stays. */
  state: 'connecting' | 'live' | 'broken' | 'resting'
  tries: number
  why: string
}

const renderEveryMs = 100
const renderInBurstMs = 250
const burst = 12
const retryMs = 700
const longestRetryMs = 8000

export class PictureStore implements Viewer {
  /** What is now, whatever is looked at. */
  readonly live = new PictureModel()
  /** The moment that is looked at instead of now. */
  moment: PastMoment | undefined
  /** Somebody else's picture: nothing on it acts. */
  readonly looksOnly: boolean
  connection: Connection = { state: 'connecting', tries: 0, why: '' }
  /** Why the last order to the loops was not carried out. */
  steerProblem = ''
  /** Pods that a lens lets shine on their machines, as `namespace/name`. */
  lit: ReadonlySet<string> = new Set()
  private readonly parts = new Map<unknown, unknown>()
  private past: PictureModel | undefined
  private version = 0
  private renderTimer: ReturnType<typeof setTimeout> | undefined
  private retryTimer: ReturnType<typeof setTimeout> | undefined
  private viewers = new Set<() => void>()
  private dotListeners = new Set<(dots: readonly Dot[], resting: boolean) => void>()
  private subscription: { unsubscribe(): void } | undefined
  private sessionId: string | undefined
  private hasBacklog = false
  private dotsSinceRender = 0

  constructor({ looksOnly }: { looksOnly: boolean }) {
    this.looksOnly = looksOnly
  }

  /** What the screen shows. */
  get model(): PictureModel {
    return this.past ?? this.live
  }

  /** Nothing acts on somebody else's picture, nor on the past. */
  get mayAct(): boolean {
    return !this.looksOnly && !this.moment
  }

  connect(sessionId: string): () => void {
    this.sessionId = sessionId
    if (this.connection.state === 'resting') this.connectionIs({ state: 'connecting', tries: 0, why: '' })
    this.open()
    return () => {
      this.sessionId = undefined
      clearTimeout(this.retryTimer)
      this.subscription?.unsubscribe()
      this.subscription = undefined
      clearTimeout(this.renderTimer)
      this.renderTimer = undefined
    }
  }

  rest(): void {
    this.connectionIs({ state: 'resting', tries: 0, why: '' })
  }

  /** Tries again now instead of when the stream itself would. */
  reconnect(): void {
    this.open()
  }

  /** For another cluster, or another control plane: what was heard of the one before is forgotten. */
  beginAnew(): void {
    this.lookAt(undefined, false)
    this.live.forget()
    this.hasBacklog = false
    this.open()
  }

  /** Holds, steps, slows or releases loops; what comes of it is told by events. */
  async steer(order: LoopOrder): Promise<void> {
    if (!this.sessionId) return
    this.steerProblem = ''
    try {
      await api.picture.steer.mutate({ sessionId: this.sessionId, order })
    } catch (error) {
      this.steerProblem = wordsOf(error)
    }
    this.changed()
  }

  /** A loop under the microscope keeps its card. */
  pin(client: string | undefined): void {
    this.live.pin(client)
    this.past?.pin(client)
    this.changed()
  }

  lookAt(moment: PastMoment | undefined, moves: boolean): void {
    const before = this.moment
    this.moment = moment
    if (!moment) this.past = undefined
    else if (moves && this.past && before && before.revision < moment.revision) {
      const dots = goOn(this.past, this.live, moment)
      for (const listener of this.dotListeners) listener(dots, false)
    } else this.past = pastModel(this.live, moment)
    this.changed()
  }

  light(pods: ReadonlySet<string>): void {
    this.lit = pods
    this.changed()
  }

  /** What a lens keeps for itself as long as this picture is there; made when it is first asked for. */
  part<T>(make: (store: this) => T): T {
    if (!this.parts.has(make)) this.parts.set(make, make(this))
    return this.parts.get(make) as T
  }

  subscribe = (viewer: () => void): (() => void) => {
    this.viewers.add(viewer)
    return () => this.viewers.delete(viewer)
  }

  snapshot = (): number => this.version

  onDots(listener: (dots: readonly Dot[], resting: boolean) => void): () => void {
    this.dotListeners.add(listener)
    return () => this.dotListeners.delete(listener)
  }

  changed(): void {
    const wait = this.dotsSinceRender > burst ? renderInBurstMs : renderEveryMs
    this.renderTimer ??= setTimeout(() => {
      this.renderTimer = undefined
      this.dotsSinceRender = 0
      this.version++
      for (const viewer of this.viewers) viewer()
    }, wait)
  }

  private open(): void {
    if (!this.sessionId) return
    clearTimeout(this.retryTimer)
    this.subscription?.unsubscribe()
    const since = this.live.seq || undefined
    this.subscription = api.picture.watch.subscribe(
      { sessionId: this.sessionId, since },
      {
        onData: (push) => this.take(push),
        onError: (error) => this.broke(wordsOf(error)),
        onConnectionStateChange: (change) => {
          if (change.state === 'pending') this.connectionIs({ state: 'live', tries: 0, why: '' })
          else if (change.state === 'connecting' && change.error) this.broke(wordsOf(change.error))
        },
      },
    )
  }

  /** Left to itself the stream would come back and ask for what it asked for first; we ask for what we do not know. */
  private broke(why: string): void {
    this.subscription?.unsubscribe()
    this.subscription = undefined
    const tries = this.connection.tries + 1
    this.connectionIs({ state: 'broken', tries, why })
    clearTimeout(this.retryTimer)
    this.retryTimer = setTimeout(() => this.open(), Math.min(longestRetryMs, retryMs * tries))
  }

  private take(push: PicturePush): void {
    // Another cluster, or the same one started again: what one looked at was of the one before.
    if (push.events.length > 0 && push.seq < this.live.seq) this.lookAt(undefined, false)
    const dots = this.live.apply(push)
    this.dotsSinceRender += dots.length
    // What happened before we looked is marked where it arrived; nothing moves that did not move before our eyes.
    const resting = !this.hasBacklog
    this.hasBacklog = true
    if (!this.moment) for (const listener of this.dotListeners) listener(dots, resting)
    if (this.connection.state !== 'live') this.connection = { state: 'live', tries: 0, why: '' }
    this.changed()
  }

  private connectionIs(connection: Connection): void {
    this.connection = connection
    this.changed()
  }
}
