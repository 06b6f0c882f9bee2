// Traffic that only says "I am still here": Leases renewed by node components and leaders, and health probes. It is real
// and it is counted, but it would bury what the learner did, so the picture hides it until asked.

import type { TraceEvent } from '../../../server/base/trace.ts'
import { placeOf } from './client-place.ts'

export function isHeartbeat(event: TraceEvent): boolean {
  switch (event.type) {
    case 'request':
    case 'append':
    case 'deliver':
      if (event.resource === 'leases') return placeOf(event.client).role !== 'you'
      return event.type === 'request' && event.client.startsWith('kube-probe')
    default:
      return false
  }
}
