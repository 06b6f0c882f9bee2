// What is known when a request has been made: who called whom, what came of it, and what each kernel on its way told.

import type { RequestOutcome } from '../../../kube/network/trace/make-request.ts'
import type { TraceReport } from '../../../kube/network/trace/request-tracer.ts'
import type { ClusterObjects } from '../addresses.ts'
import type { ObjectName } from '../network-push.ts'
import type { TraceTarget } from './trace-target.ts'
import type { TracedRequest } from './traced-request.ts'

export interface Told {
  client: {
    name: string
    /** Where short names are looked for. */
    namespace: string
    /** Empty for who is on none: the learner's terminal. */
    machine: string
    pod?: ObjectName
    /** A Pod's own, one of each family; none for a machine, which has several. */
    ips: readonly string[]
  }
  target: TraceTarget
  /** That the request was sent from. */
  port: number
  protocol: 'tcp' | 'udp'
  objects: ClusterObjects
  outcome: RequestOutcome
  /** Those that saw it, in the order of its way. */
  machines: { name: string; report: TraceReport }[]
  unheard: TracedRequest['unheard']
}
