// When each dot starts, and when dots become one with a count. Pure: time comes in as a number of milliseconds.
//
// The cluster does in 3 ms what an eye needs seconds for. So durations are stretched while order is kept: a revision
// leaves for etcd when the request that wrote it has arrived, a watch event leaves when its revision has, and what a
// loop then does leaves when that event has reached it. So that the picture never tells old news, nothing is put off by
// more than `mostLagMs`; a long chain then crowds at its end instead of trailing behind the terminal.
//
// An edge carries at most 12 single dots a second; what exceeds that travels as one dot with a count, 4 of those a second.
// When the whole picture carries more than 80 a second, each edge carries 2 and groups the rest: it groups, never stutters.

import type { Dot } from '../picture/picture-model.ts'

export interface Plan {
  dot: Dot
  edge: string
  startAt: number
  /** The group it travels in; `joins` when that dot exists already. */
  group?: number
  joins: boolean
}

const mostPerSecond = 12
const mostInAll = 80
const mostWhenCrowded = 2
const groupMs = 250
const mostLagMs = 1800
const keptRevisions = 500

interface Edge {
  starts: number[]
  group?: { id: number; startAt: number }
}

export class DotPlanner {
  private edges = new Map<string, Edge>()
  /** When the dot of this request, or this revision at etcd, or this revision at this client, has arrived. */
  private arrivals = new Map<string, number>()
  /** When the dots of the last second were asked for, on all edges. */
  private asked: number[] = []
  private nextGroup = 1

  /** `travelMs` is 0 under reduced motion: everything then stands at once, in order. */
  plan(dots: readonly Dot[], edgeOf: (dot: Dot) => string, now: number, travelMs: number): Plan[] {
    this.asked = this.asked.filter((at) => at > now - 1000)
    const plans = requestsFirst(dots).map((dot) => this.place(dot, edgeOf(dot), now, travelMs))
    this.trim()
    return plans
  }

  private place(dot: Dot, edge: string, now: number, travelMs: number): Plan {
    const startAt = Math.min(now + (travelMs > 0 ? mostLagMs : 0), Math.max(now, this.readyAt(dot)))
    this.arrivals.set(arrivalKey(dot), startAt + travelMs)
    let state = this.edges.get(edge)
    if (!state) {
      state = { starts: [] }
      this.edges.set(edge, state)
    }
    state.starts = state.starts.filter((start) => start > startAt - 1000)
    if (state.starts.length < (this.asked.length < mostInAll ? mostPerSecond : mostWhenCrowded)) {
      state.starts.push(startAt)
      this.asked.push(now)
      return { dot, edge, startAt, joins: false }
    }
    if (state.group && state.group.startAt > now) {
      return { dot, edge, startAt: state.group.startAt, group: state.group.id, joins: true }
    }
    this.asked.push(now)
    state.group = { id: this.nextGroup++, startAt: startAt + groupMs }
    return { dot, edge, startAt: state.group.startAt, group: state.group.id, joins: false }
  }

  private readyAt(dot: Dot): number {
    switch (dot.kind) {
      case 'request':
        return dot.because === undefined ? 0 : (this.arrivals.get(`${dot.because} ${dot.client}`) ?? 0)
      case 'append':
        return this.arrivals.get(`request ${dot.requestId}`) ?? 0
      case 'deliver':
        return this.arrivals.get(`append ${dot.revision}`) ?? 0
    }
  }

  private trim(): void {
    if (this.arrivals.size <= keptRevisions * 4) return
    let surplus = this.arrivals.size - keptRevisions * 2
    for (const key of this.arrivals.keys()) {
      if (surplus-- <= 0) break
      this.arrivals.delete(key)
    }
  }
}

function arrivalKey(dot: Dot): string {
  switch (dot.kind) {
    case 'request':
      return `request ${dot.requestId}`
    case 'append':
      return `append ${dot.revision}`
    case 'deliver':
      return `${dot.revision} ${dot.client}`
  }
}

/** A request is traced when it is answered, after the revision it wrote; on the picture it must leave before it. */
function requestsFirst(dots: readonly Dot[]): Dot[] {
  const byId = new Map<string, Dot>()
  for (const dot of dots) if (dot.kind === 'request' && dot.requestId) byId.set(dot.requestId, dot)
  const placed = new Set<Dot>()
  const order: Dot[] = []
  for (const dot of dots) {
    const request = dot.kind === 'append' && dot.requestId ? byId.get(dot.requestId) : undefined
    for (const next of request ? [request, dot] : [dot]) {
      if (placed.has(next)) continue
      placed.add(next)
      order.push(next)
    }
  }
  return order
}
