// Walks from any event back to the keystroke that caused it. Nothing is guessed: each step is either the request that
// wrote a revision, or the revision that a request says it acted on. Where the trail leads to events that are no longer
// kept, the chain says that it is cut instead of pretending to begin there.
//
//   request (because of nothing) → append 450 → deliver 450 to the loop → request (because 450) → append 455 → …

import type { AppendTrace, DeliverTrace, RequestTrace } from '../../../../server/base/trace.ts'
import { type PictureModel, type Row, wasRefused } from './picture-model.ts'
import type { ObjectRef } from './selection.ts'

export interface Hop {
  request: Row<RequestTrace>
  append?: Row<AppendTrace>
  /** The delivery of this hop's revision to whoever acted next, or to whoever was asked about. */
  deliver?: Row<DeliverTrace>
}

export interface Chain {
  /** The cause first. */
  hops: Hop[]
  cut: boolean
}

export interface Mark {
  number: number
  kind: 'request' | 'append' | 'deliver'
  seq: number
  client: string
  revision?: number
  refused: boolean
}

export function chainOf(model: PictureModel, seq: number): Chain {
  const row = model.rowBySeq(seq)
  if (!row) return { hops: [], cut: true }
  const { event } = row
  switch (event.type) {
    case 'request':
      return walk(model, row as Row<RequestTrace>)
    case 'append': {
      const request = model.requestById(event.requestId)
      return request ? walk(model, request) : { hops: [], cut: true }
    }
    case 'deliver': {
      const append = model.appendOf(event.revision)
      const request = append && model.requestById(append.event.requestId)
      return request ? walk(model, request, row as Row<DeliverTrace>) : { hops: [], cut: true }
    }
    case 'reconcile': {
      if (event.because === undefined) return { hops: [], cut: false }
      return chainOfRevision(model, event.because, event.client)
    }
    default:
      return { hops: [], cut: false }
  }
}

/** The chain that led to a revision, and on to `client` if it was handed there. */
export function chainOfRevision(model: PictureModel, revision: number, client?: string): Chain {
  const append = model.appendOf(revision)
  const request = append && model.requestById(append.event.requestId)
  if (!request) return { hops: [], cut: true }
  return walk(model, request, client === undefined ? undefined : deliveryTo(model, revision, client))
}

/** What led to the state that an object has now. */
export function chainOfObject(model: PictureModel, object: ObjectRef): Chain | undefined {
  const [last] = model.appendsOf(object, 1)
  return last && chainOf(model, last.seq)
}

/** What led to the last thing a client wrote; to what woke it, where it wrote nothing. */
export function chainOfClient(model: PictureModel, client: string): Chain | undefined {
  const { turns, lastWrite } = model.client(client)
  const last = turns[0]?.trace
  const wrote = last?.wrote.at(-1)
  if (wrote !== undefined) return chainOfRevision(model, wrote)
  if (last?.because !== undefined) return chainOfRevision(model, last.because, client)
  return lastWrite?.revision === undefined ? undefined : chainOfRevision(model, lastWrite.revision)
}

function walk(model: PictureModel, last: Row<RequestTrace>, deliver?: Row<DeliverTrace>): Chain {
  const hops: Hop[] = []
  let request: Row<RequestTrace> | undefined = last
  let onward = deliver
  while (request) {
    const { revision, because, client }: RequestTrace = request.event
    hops.unshift({ request, append: revision === undefined ? undefined : model.appendOf(revision), deliver: onward })
    if (because === undefined) return { hops, cut: false }
    // A request acts on what was written before it; anything else would be a circle.
    if (revision !== undefined && because >= revision) return { hops, cut: true }
    onward = deliveryTo(model, because, client)
    const append = model.appendOf(because)
    request = append && model.requestById(append.event.requestId)
  }
  return { hops, cut: true }
}

function deliveryTo(model: PictureModel, revision: number, client: string): Row<DeliverTrace> | undefined {
  return model.deliversOf(revision).find((row) => row.event.client === client)
}

/**
 * What one request of a person set going: the first deed of everyone it woke, in the order in which they happened. What
 * each did after that (statuses, Events, counts) is true too, but it is not what carried the story on.
 */
export function storyOf(model: PictureModel, requestId: string, most = 8): Hop[] {
  const root = model.requestById(requestId)
  if (!root) return []
  const hops: Hop[] = []
  const told = new Set<string>()
  for (const request of model.requestsOfCause(requestId)) {
    const { client, revision, because, resource } = request.event
    const append = revision === undefined ? undefined : model.appendOf(revision)
    // Reads on the way explain nothing; refusals do.
    const isDeed =
      because !== undefined && resource !== 'events' && !told.has(client) && (append || wasRefused(request.event))
    if (request !== root && !isDeed) continue
    told.add(client)
    hops.push({ request, append })
    if (hops.length === most) break
  }
  return hops
}

/** The story as numbered marks: a delivery stands before the request that it woke. */
export function storyMarks(model: PictureModel, hops: readonly Hop[]): Mark[] {
  const marks: Mark[] = []
  const add = (kind: Mark['kind'], row: Row<RequestTrace | AppendTrace | DeliverTrace>, refused = false) =>
    marks.push({
      ...{ number: marks.length + 1, kind, seq: row.seq, client: row.event.client },
      ...{ revision: row.event.revision, refused },
    })
  for (const { request, append } of hops) {
    const { because, client } = request.event
    const woken = because === undefined ? undefined : deliveryTo(model, because, client)
    if (woken) add('deliver', woken)
    add('request', request, wasRefused(request.event))
    if (append) add('append', append)
  }
  return marks
}

/** The chain as numbered marks, in causal order. */
export function marksOf(chain: Chain): Mark[] {
  const marks: Mark[] = []
  const add = (kind: Mark['kind'], seq: number, client: string, revision: number | undefined, refused = false) =>
    marks.push({ number: marks.length + 1, kind, seq, client, revision, refused })
  for (const { request, append, deliver } of chain.hops) {
    add('request', request.seq, request.event.client, request.event.revision, wasRefused(request.event))
    if (append) add('append', append.seq, append.event.client, append.event.revision)
    if (deliver) add('deliver', deliver.seq, deliver.event.client, deliver.event.revision)
  }
  return marks
}
