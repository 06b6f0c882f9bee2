// What the picture knows, through whichever lens: pushes of measured events in, cards, tape and counters out. No DOM, no clock, no React, so
// that what the picture claims can be tested. Time is the newest event's own time, never the page's.
//
// Counters are exact: each request, append and delivery taken in since `fromSeq` is either handed out once as a dot or
// counted as hidden. A test compares them with the audit log and with a watcher that knows nothing of us.

import type {
  AppendTrace,
  DeliverTrace,
  GateTrace,
  ReconcileTrace,
  RequestTrace,
  ScheduleTrace,
  TraceEvent,
} from '../../../../server/base/trace.ts'
import type { PictureNode, PicturePod, PicturePush } from '../../../../server/observe/index.ts'
import { placeOf } from './client-place.ts'
import { isHeartbeat } from './heartbeat.ts'
import { type Activity, LoopCards } from './loop-cards.ts'
import { isSameObject, type ObjectRef } from './selection.ts'

export interface Row<E extends TraceEvent = TraceEvent> {
  seq: number
  event: E
  heartbeat: boolean
}

export type DotKind = 'request' | 'deliver' | 'append'

/** One event on its way to become a dot. */
export interface Dot {
  kind: DotKind
  seq: number
  client: string
  cause: string
  refused: boolean
  revision?: number
  /** The revision a request acted on. */
  because?: number
  requestId?: string
}

export interface Turn {
  /** Counted since the page began to look. */
  number: number
  trace: ReconcileTrace
}

export type Gate = Pick<GateTrace, 'held' | 'steps' | 'everyMs'>

export interface ClientState {
  client: string
  lastRequest?: RequestTrace
  /** The last that wrote something which others act on; Events only tell. */
  lastWrite?: RequestTrace
  /** The newest revision its caches have heard of; for clients without a cache of ours, the newest handed to it. */
  cacheRevision: number
  /** The newest revision that was handed to it. */
  handedRevision: number
  queue: string[]
  queueLength: number
  /** Newest first. */
  turns: Turn[]
  turnCount: number
  lastWroteAt: number
}

export interface Counters {
  requests: number
  delivers: number
  appends: number
  hiddenRequests: number
  hiddenDelivers: number
  hiddenAppends: number
}

const keptRows = 4000
const keptVerdicts = 20
const keptTurns = 20

export class PictureModel {
  seq = 0
  /** The first event that the counters count. 0: none yet. */
  fromSeq = 0
  revision = 0
  /** The newest event's own time. */
  now = 0
  /** Events that were asked for but no longer kept, as far as known. */
  missed = 0
  showHeartbeats = false
  version = 0
  counters: Counters = noCounts()
  rows: Row[] = []
  pods: PicturePod[] = []
  nodes: PictureNode[] = []
  lastRequest?: RequestTrace
  lastOwnRequest?: RequestTrace
  /** The last request of a person that wrote, or that was refused. */
  lastDeed?: RequestTrace
  /** What the scheduler last said of each pod, the newest first. */
  verdicts: ScheduleTrace[] = []
  /** The store has forgotten what was superseded before this revision; 0 as long as nobody has said so. */
  compactRevision = 0
  /** Complete only if every event since the cluster began was seen (`fromSeq` 1). */
  openWatches = new Set<string>()
  private gates = new Map<string, Gate>()
  private clients = new Map<string, ClientState>()
  private requests = new Map<string, Row<RequestTrace>>()
  private byCause = new Map<string, Row<RequestTrace>[]>()
  private appends = new Map<number, Row<AppendTrace>>()
  private delivers = new Map<number, Row<DeliverTrace>[]>()
  private cards = new LoopCards()

  /** Takes a push in and says which dots it makes, oldest first. Events already known (after a reconnect) make none. */
  apply(push: PicturePush): Dot[] {
    // A cluster that was replaced or restarted counts its events from 1 again. (We never ask for what we know.)
    if (push.events.length > 0 && push.seq < this.seq) this.forget()
    if (push.loops) {
      const ended = push.events.flatMap((event) => (event.type === 'loop' && event.hasEnded ? [event.client] : []))
      this.cards.take(push.loops, ended, this.activity)
    }
    if (push.pods) this.pods = push.pods
    if (push.nodes) this.nodes = push.nodes
    if (push.gates) this.gates = new Map(push.gates.map((gate) => [gate.client, gate]))
    const first = push.seq - push.events.length + 1
    if (this.seq > 0 && first > this.seq + 1) this.missed += first - this.seq - 1
    const dots: Dot[] = []
    push.events.forEach((event, index) => {
      const seq = first + index
      if (seq <= this.seq) return
      if (this.fromSeq === 0) this.fromSeq = seq
      const dot = this.take({ seq, event, heartbeat: isHeartbeat(event) })
      if (dot) dots.push(dot)
    })
    this.seq = Math.max(this.seq, push.seq)
    this.revision = Math.max(this.revision, push.revision)
    this.trim()
    this.version++
    return dots
  }

  /** Knows nothing yet, and draws as this one does. */
  emptyTwin(): PictureModel {
    const { showHeartbeats, cards, compactRevision } = this
    return Object.assign(new PictureModel(), { showHeartbeats, cards: cards.copy(), compactRevision })
  }

  /** Takes in what another model had taken in, up to an earlier revision, and says which dots it makes. */
  replay(rows: readonly Row[], then: Pick<PictureModel, 'revision' | 'pods' | 'nodes'>): Dot[] {
    const { revision, pods, nodes } = then
    const dots = rows.map((row) => this.take(row)).filter((dot) => dot !== undefined)
    this.fromSeq ||= rows[0]?.seq ?? 0
    Object.assign(this, { revision, pods, nodes, seq: rows.at(-1)?.seq ?? this.seq, version: this.version + 1 })
    return dots
  }

  setSlots(count: number): void {
    if (this.cards.setSlots(count, this.activity)) this.version++
  }

  setShowHeartbeats(show: boolean): void {
    this.showHeartbeats = show
    this.version++
  }

  /** A loop under the microscope keeps its card. */
  pin(client: string | undefined): void {
    this.cards.pin(client, this.activity)
    this.version++
  }

  client(name: string): ClientState {
    let state = this.clients.get(name)
    if (!state) {
      state = {
        client: name,
        cacheRevision: 0,
        handedRevision: 0,
        queue: [],
        queueLength: 0,
        turns: [],
        turnCount: 0,
        lastWroteAt: 0,
      }
      this.clients.set(name, state)
    }
    return state
  }

  /** In drawing order, without the scheduler. */
  get loops(): readonly string[] {
    return this.cards.all
  }

  /** The loops that have a card. */
  get shownLoops(): readonly string[] {
    return this.cards.shown
  }

  isLoop(client: string): boolean {
    return this.cards.has(client)
  }

  /** Whether the loop is held or slowed; a free one is neither. */
  gate(client: string): Gate {
    return this.gates.get(client) ?? { held: false, steps: 0, everyMs: 0 }
  }

  /** Loops that can be held: the controller manager's and the scheduler's, not those on machines or in somebody's program. */
  canHold(client: string): boolean {
    const isOfManager = this.isLoop(client) && client.startsWith('kube-controller-manager/')
    return isOfManager || this.place(client).role === 'scheduler'
  }

  get heldLoops(): string[] {
    return [...this.gates].filter(([, { held }]) => held).map(([client]) => client)
  }

  get areSlowed(): boolean {
    return [...this.gates.values()].some(({ everyMs }) => everyMs > 0)
  }

  heardOfCompaction(revision: number): void {
    this.compactRevision = Math.max(this.compactRevision, revision)
  }

  /** The newest kept appends of an object, newest first. */
  appendsOf(object: ObjectRef, most: number): Row<AppendTrace>[] {
    const found: Row<AppendTrace>[] = []
    for (let at = this.rows.length - 1; at >= 0 && found.length < most; at--) {
      const row = this.rows[at]!
      if (row.event.type === 'append' && isSameObject(object, row.event)) found.push(row as Row<AppendTrace>)
    }
    return found
  }

  /** Clients that are neither a loop, nor on a machine, nor a person's. */
  others(): string[] {
    return [...this.clients.keys()].filter((name) => placeOf(name, this.cards.names).role === 'other').sort()
  }

  place(client: string) {
    return placeOf(client, this.cards.names)
  }

  /** What the API server's band shows: what a person just asked for, or else what was last answered. */
  get bandRequest(): RequestTrace | undefined {
    const own = this.lastOwnRequest
    return own && own.at > this.now - 6000 ? own : this.lastRequest
  }

  requestById(id: string): Row<RequestTrace> | undefined {
    return this.requests.get(id)
  }

  /** Every kept request with that cause, oldest first, itself included. */
  requestsOfCause(cause: string): Row<RequestTrace>[] {
    return this.byCause.get(cause) ?? []
  }

  appendOf(revision: number): Row<AppendTrace> | undefined {
    return this.appends.get(revision)
  }

  deliversOf(revision: number): readonly Row<DeliverTrace>[] {
    return this.delivers.get(revision) ?? []
  }

  rowBySeq(seq: number): Row | undefined {
    const first = this.rows[0]
    if (!first) return undefined
    const guess = this.rows[seq - first.seq]
    return guess?.seq === seq ? guess : this.rows.find((row) => row.seq === seq)
  }

  /** The newest appends, oldest first. */
  tape(count: number): Row<AppendTrace>[] {
    const found: Row<AppendTrace>[] = []
    for (let at = this.rows.length - 1; at >= 0 && found.length < count; at--) {
      const row = this.rows[at]!
      if (row.event.type === 'append' && this.isVisible(row)) found.push(row as Row<AppendTrace>)
    }
    return found.reverse()
  }

  isVisible(row: Row): boolean {
    return this.showHeartbeats || !row.heartbeat
  }

  private take(row: Row): Dot | undefined {
    const { event } = row
    this.rows.push(row)
    this.now = Math.max(this.now, event.at)
    switch (event.type) {
      case 'request':
        this.requests.set(event.id, row as Row<RequestTrace>)
        this.keepByCause(row as Row<RequestTrace>)
        return this.takeRequest(row as Row<RequestTrace>)
      case 'append': {
        this.appends.set(event.revision, row as Row<AppendTrace>)
        this.revision = Math.max(this.revision, event.revision)
        const { client, cause, revision, requestId } = event
        return this.count('append', row, { client, cause, revision, requestId, refused: false })
      }
      case 'deliver': {
        const known = this.delivers.get(event.revision)
        if (known) known.push(row as Row<DeliverTrace>)
        else this.delivers.set(event.revision, [row as Row<DeliverTrace>])
        const state = this.client(event.client)
        state.handedRevision = Math.max(state.handedRevision, event.revision)
        const { client, cause, revision } = event
        return this.count('deliver', row, { client, cause, revision, refused: false })
      }
      case 'watch':
        if (event.state === 'open') this.openWatches.add(event.watch)
        else this.openWatches.delete(event.watch)
        return undefined
      case 'loop': {
        const state = this.client(event.client)
        state.queue = event.queue
        state.queueLength = event.queueLength
        state.cacheRevision = event.cacheRevision
        return undefined
      }
      case 'reconcile': {
        const state = this.client(event.client)
        state.turnCount++
        state.turns.unshift({ number: state.turnCount, trace: event })
        if (state.turns.length > keptTurns) state.turns.pop()
        if (event.wrote.length > 0) state.lastWroteAt = Math.max(state.lastWroteAt, event.at)
        return undefined
      }
      case 'schedule':
        this.verdicts = [event, ...this.verdicts.filter(({ pod }) => pod !== event.pod)].slice(0, keptVerdicts)
        return undefined
      case 'gate':
        this.gates.set(event.client, event)
        return undefined
      case 'compact':
        this.heardOfCompaction(event.revision)
        return undefined
    }
  }

  private keepByCause(row: Row<RequestTrace>): void {
    const all = this.byCause.get(row.event.cause)
    if (all) all.push(row)
    else this.byCause.set(row.event.cause, [row])
  }

  private takeRequest(row: Row<RequestTrace>): Dot | undefined {
    const { event } = row
    const state = this.client(event.client)
    state.lastRequest = event
    if (!row.heartbeat) {
      const { role } = this.place(event.client)
      // The classroom looks on as a client like any other; what it asks for is not what the learner follows.
      if (role !== 'other') this.lastRequest = event
      if (role === 'you') {
        this.lastOwnRequest = event
        // A refusal is an outcome too; a read leaves the story of the last write standing, unless it was forbidden.
        const isRead = /^(get|list|watch)$/.test(event.verb)
        if (event.revision !== undefined || (wasRefused(event) && (!isRead || event.code === 403)))
          this.lastDeed = event
      }
      if (event.revision !== undefined) {
        state.lastWroteAt = Math.max(state.lastWroteAt, event.at)
        if (event.resource !== 'events') state.lastWrite = event
        if (this.isOfPerson(event.cause)) this.cards.promote(event.client, this.activity)
      }
    }
    return this.count('request', row, {
      client: event.client,
      cause: event.cause,
      refused: wasRefused(event),
      revision: event.revision,
      because: event.because,
      requestId: event.id,
    })
  }

  private count(kind: DotKind, row: Row, rest: Omit<Dot, 'kind' | 'seq'>): Dot | undefined {
    const visible = this.isVisible(row)
    this.counters[counterOf[kind][visible ? 0 : 1]]++
    return visible ? { kind, seq: row.seq, ...rest } : undefined
  }

  /** Whether a chain of causes began with something a person did. */
  private isOfPerson(cause: string): boolean {
    const root = this.requests.get(cause)
    return root !== undefined && this.place(root.event.client).role === 'you'
  }

  private get activity(): Activity {
    return { now: this.now, lastWroteAt: (client) => this.client(client).lastWroteAt }
  }

  private trim(): void {
    if (this.rows.length <= keptRows * 1.25) return
    for (const { event } of this.rows.splice(0, this.rows.length - keptRows)) {
      if (event.type === 'request') {
        this.requests.delete(event.id)
        const ofCause = this.byCause.get(event.cause)
        ofCause?.shift()
        if (ofCause?.length === 0) this.byCause.delete(event.cause)
      } else if (event.type === 'append') this.appends.delete(event.revision)
      else if (event.type === 'deliver') this.delivers.delete(event.revision)
    }
  }

  /** What was heard; how it is drawn stays. */
  forget(): void {
    const { showHeartbeats, version, cards, pods, nodes } = this
    cards.forgetDeeds()
    Object.assign(this, new PictureModel(), { showHeartbeats, version, cards, pods, nodes })
  }
}

/** Not finding anything is an answer; being told no is not. */
export function wasRefused(request: RequestTrace): boolean {
  return request.code >= 400 && !(request.code === 404 && request.verb === 'get')
}

const counterOf = {
  request: ['requests', 'hiddenRequests'],
  deliver: ['delivers', 'hiddenDelivers'],
  append: ['appends', 'hiddenAppends'],
} as const

function noCounts(): Counters {
  return { requests: 0, delivers: 0, appends: 0, hiddenRequests: 0, hiddenDelivers: 0, hiddenAppends: 0 }
}
