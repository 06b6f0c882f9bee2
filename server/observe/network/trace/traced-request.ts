// What is asked of a trace, and what the page is told of it.

import type { ObjectName, Place } from '../network-push.ts'

export interface TraceQuestion {
  /** A Pod, a machine itself, or the learner's terminal, which is on the machines' network and none of them. */
  from: { pod: ObjectName } | { machine: string } | { terminal: true }
  /** As a program would be given it: `web`, `web.shop:8080`, an address; or `pod/web-1`, `node-1:30080`. */
  to: string
  protocol: 'tcp' | 'udp'
}

export interface TracedRequest {
  /** `client`, and `web:8080`. */
  from: string
  to: string
  ends: TraceEnds
  hops: TraceHop[]
  verdict: TraceVerdict
  /** Machines whose kernels could not be asked, and why. */
  unheard: { machine: string; why: string }[]
}

export interface TraceEnds {
  client: Place
  /** Nobody was called where the name led nowhere. */
  asked?: Place
  /** Whom it was for when it was seen last; undefined where no rule led on from a Service's address. */
  target?: Place
  /** The target itself answered, or refused. */
  isReached: boolean
}

export type HopKind = 'name' | 'sends' | 'service' | 'policy' | 'masquerade' | 'filter' | 'route' | 'wire' | 'answers'

export interface TraceHop {
  kind: HopKind
  /** Whose kernel told of it, and where the wire led; empty for what is on no machine of the cluster. */
  machine: string
  title: string
  /** The machine, or where else. */
  where: string
  says: string
  state: 'ok' | 'fail'
  /** In the kernel's own words, or those of who was asked. */
  lines: string[]
  /** Among whom a rule chose, where one did. */
  choice?: TraceChoice[]
}

export interface TraceChoice {
  /** By what chance, and whom it leads to. */
  words: string
  isTaken: boolean
  end: 'taken' | 'passed over' | 'not reached' | 'not drawn'
}

export interface TraceVerdict {
  state: 'ok' | 'fail'
  /** What became of it. */
  says: string
  /** Why, and what to do; empty where there is nothing to explain. */
  why: string
  lines: string[]
}
