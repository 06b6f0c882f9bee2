// What only says "I am still here": Leases renewed by node components and leaders, health probes, loops that look again
// by the clock and find nothing. It is real and it is counted, but it would bury what the learner did, so the picture hides it until asked.

import type { TraceEvent } from '../../../../server/base/trace.ts'
import { placeOf } from './client-place.ts'

export function isHeartbeat(event: TraceEvent): boolean {
  switch (event.type) {
    case 'request':
    case 'append':
    case 'deliver':
      if (event.resource === 'leases') return placeOf(event.client).role !== 'you'
      if (event.type !== 'request') return false
      // A loop of somebody's own tells of its turns: what it tells is shown, that it tells is not.
      return event.client.startsWith('kube-probe') || event.path === '/podium/loops'
    case 'reconcile':
      // A loop that looks again every few seconds, found all well and will look again.
      return event.outcome === 'requeue' && event.wrote.length === 0 && event.did.length === 0
    default:
      return false
  }
}
