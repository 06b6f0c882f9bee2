// Events in plain words, told the same way on the tape, in the table and under the microscope.

import type { AppendTrace, GateTrace, RequestTrace, TraceEvent } from '../../../../server/base/trace.ts'
import { placeOf } from './client-place.ts'
import { shortName } from './short-name.ts'

export const signOf = { create: '+', update: '~', delete: '−' } as const

/** As a tape row says it: `pods/…-x2k4p`. */
export function objectOf(event: { resource: string; subresource?: string; name: string }, most = 60): string {
  const resource = event.subresource ? `${event.resource}/${event.subresource}` : event.resource
  if (!event.name) return resource || '/'
  // The end of a name tells objects apart; the kind is still known from its first letters.
  const kind = resource.length + 7 > most ? `${resource.slice(0, most - 8)}…` : resource
  return `${kind}/${shortName(event.name, Math.max(6, most - kind.length - 1))}`
}

/** The writer, as the tape names it. */
export function byWhom(client: string, loops?: ReadonlySet<string>): string {
  const place = placeOf(client, loops)
  if (place.role === 'you') return `by ${place.label}`
  if (place.node) return `by ${place.label} on ${place.node}`
  return `by ${place.role === 'loop' ? place.label : place.label.toLowerCase()}`
}

const verbs: Record<string, string> = {
  create: 'created',
  update: 'updated',
  patch: 'patched',
  delete: 'deleted',
  deletecollection: 'deleted all',
  get: 'read',
  list: 'listed',
  watch: 'began to watch',
}

/** A request as something somebody did: `ReplicaSet created pods/…-q8n2d`. Who creates often leaves the name to the server. */
export function requestWords(request: RequestTrace, append?: AppendTrace): string {
  const event = request.name ? request : { ...request, name: append?.name ?? '' }
  const place = placeOf(event.client)
  const name = place.node ? `${place.label} on ${place.node}` : place.label
  if (event.subresource === 'binding') return `${name} bound ${objectOf({ ...event, subresource: '' }, 34)}`
  if (event.subresource === 'status')
    return `${name} wrote the status of ${objectOf({ ...event, subresource: '' }, 30)}`
  const refused = event.code === 404 ? ', not found' : event.code >= 400 ? `, refused with ${event.code}` : ''
  return `${name} ${verbs[event.verb] ?? event.verb} ${objectOf(event, 38)}${refused}`
}

function gateWords({ held, steps, everyMs }: GateTrace): string {
  const pace = everyMs > 0 ? `a turn every ${everyMs / 1000} s` : 'runs freely'
  return held ? (steps > 0 ? `${steps} to step` : 'held') : pace
}

/** Any event as one line of the table. */
export function eventWords(event: TraceEvent): { what: string; who: string; object: string; result: string } {
  switch (event.type) {
    case 'request':
      return {
        what: `request ${event.verb}`,
        who: event.client,
        object: objectOf(event),
        result: event.revision === undefined ? String(event.code) : `${event.code}, wrote ${event.revision}`,
      }
    case 'append':
      return { what: event.operation, who: event.client, object: objectOf(event), result: `revision ${event.revision}` }
    case 'deliver':
      return {
        what: `watch event ${event.event}`,
        who: event.client,
        object: objectOf(event),
        result: `revision ${event.revision}`,
      }
    case 'watch':
      return { what: `watch ${event.state}`, who: event.client, object: event.resource, result: '' }
    case 'loop':
      return {
        what: 'queue',
        who: event.client,
        object: event.queue[0] ?? '',
        result: `${event.queueLength} waiting, cache ${event.cacheRevision}`,
      }
    case 'gate':
      return {
        what: event.held ? 'hold' : event.everyMs > 0 ? 'slow' : 'release',
        who: 'you',
        object: event.client,
        result: gateWords(event),
      }
    case 'compact':
      return {
        what: 'compact',
        who: 'kube-apiserver',
        object: 'etcd',
        result: `forgot what was before ${event.revision}`,
      }
    case 'reconcile':
      return {
        what: 'reconcile',
        who: event.client,
        object: event.key,
        result: event.error ?? (event.did.length > 0 ? event.did.join(', ') : event.outcome),
      }
    case 'schedule':
      return {
        what: 'schedule',
        who: 'kube-scheduler',
        object: event.pod,
        result: event.chosen ? `chose ${event.chosen}` : (event.message ?? 'fits nowhere'),
      }
  }
}
