// POST /podium/loops, Podium's own: a loop outside the control plane tells what it does, turn by turn, and is seen like one
// inside. Only the loop knows its queue and what it meant; who it is, this server knows: by its user agent, as in any other
// request, and what it says is told as said by that one. RBAC decides who may: verb post on this path.

import type { LoopTrace, ReconcileTrace } from '../../../base/trace.ts'
import { isJsonObject, type JsonObject } from '../../apimachinery/json.ts'
import { badRequest } from '../../apimachinery/status-error.ts'
import type { Answer } from '../request-path/answer.ts'
import type { ApiRequest } from '../request-path/api-request.ts'
import { readText } from '../request-path/read-body.ts'
import type { RequestContext } from '../request-path/request-context.ts'
import type { LoopsElsewhere } from './loops-elsewhere.ts'

export const LOOP_REPORTS = '/podium/loops'

const MOST_EVENTS = 500
const MOST_ITEMS = 50
const MOST_LETTERS = 2_000

/** What part of a control plane is called; none of these reports here, and nobody else may say he is one. */
const OWN = /^(kube-|kubelet|podium|coredns|etcd|cloud-controller)/

export async function takeLoopReports(
  trace: LoopsElsewhere,
  context: RequestContext,
  request: ApiRequest,
): Promise<Answer> {
  const { client, clock } = context
  if (OWN.test(client))
    throw badRequest(`"${client}" is a name of the cluster's own; give your program another user agent`)
  const body = await readJson(request)
  if (!isJsonObject(body) || typeof body.now !== 'number' || !Array.isArray(body.events)) {
    throw badRequest('expected {"now": <your clock, in milliseconds>, "events": [...]}')
  }
  // By this server's clock: when it happened is told as so long ago.
  const skewMs = clock.now() - body.now
  const events = body.events.slice(0, MOST_EVENTS)
  for (const [index, event] of events.entries()) {
    if (!isJsonObject(event) || typeof event.at !== 'number') throw badRequest(`events[${index}] says not when it was`)
    const at = event.at + skewMs
    if (event.type === 'loop') trace.emit(loopState(event, client, at))
    else if (event.type === 'reconcile') trace.emit(turn(event, client, at))
    else throw badRequest(`events[${index}] is neither of type "loop" nor "reconcile"`)
  }
  trace.told(client)
  return { type: 'object', code: 200, object: { kind: 'Status', apiVersion: 'v1', metadata: {}, status: 'Success' } }
}

async function readJson(request: ApiRequest): Promise<unknown> {
  if (request.body.type === 'object') return request.body.value
  try {
    return JSON.parse((await readText(request)) ?? '')
  } catch (err) {
    if (err instanceof SyntaxError) throw badRequest(`the body is no JSON: ${err.message}`)
    throw err
  }
}

const loopState = (event: JsonObject, client: string, at: number): LoopTrace => ({
  type: 'loop',
  at,
  client,
  queue: texts(event.queue).slice(0, 10),
  queueLength: number(event.queueLength),
  cacheRevision: number(event.cacheRevision),
})

function turn(event: JsonObject, client: string, at: number): ReconcileTrace {
  const { outcome } = event
  return {
    type: 'reconcile',
    at,
    client,
    durationMs: number(event.durationMs),
    key: text(event.key),
    outcome: outcome === 'requeue' || outcome === 'error' ? outcome : 'done',
    ...(event.because === undefined ? {} : { because: number(event.because) }),
    ...(event.error === undefined ? {} : { error: text(event.error) }),
    wanted: text(event.wanted),
    seen: text(event.seen),
    did: texts(event.did),
    wrote: (Array.isArray(event.wrote) ? event.wrote : []).slice(0, MOST_ITEMS).map(number),
  }
}

const number = (value: unknown) => (typeof value === 'number' && Number.isFinite(value) ? value : 0)
const text = (value: unknown) => (typeof value === 'string' ? value.slice(0, MOST_LETTERS) : '')
const texts = (value: unknown) => (Array.isArray(value) ? value : []).slice(0, MOST_ITEMS).map(text)
