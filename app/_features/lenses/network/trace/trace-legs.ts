// A traced request as it is drawn: one leg for each machine that it came through, with the hops in that machine's kernel, and
// the Pods that it was about with what they were in it.

import type { NetworkPod, NetworkService, TracedRequest, TraceHop } from '../../../../../server/observe/index.ts'

/** As the list beside the picture numbers it; its name is looked up before anything is sent, and is hop 0. */
export interface DrawnHop {
  number: number
  hop: TraceHop
}

export interface Leg {
  machine: string
  /** By which it came; undefined where the request began. */
  wire?: DrawnHop
  hops: DrawnHop[]
  /** Up to a Pod of this machine; whatever only passes through comes up beside its hops, and goes down along them. */
  rises: boolean
}

export interface TracePod {
  pod: NetworkPod
  role: 'calls' | 'answers' | 'refuses' | 'not reached' | 'not chosen'
}

export function numbered({ hops }: Pick<TracedRequest, 'hops'>): DrawnHop[] {
  const first = hops[0]?.kind === 'name' ? 0 : 1
  return hops.map((hop, index) => ({ number: index + first, hop }))
}

export function legsOf(traced: TracedRequest): Leg[] {
  const legs: Leg[] = []
  for (const drawn of numbered(traced)) {
    const { kind, machine } = drawn.hop
    if (kind === 'name' || kind === 'sends' || kind === 'answers') continue
    if (kind === 'wire') legs.push({ machine, wire: drawn, hops: [], rises: false })
    else if (legs.at(-1)?.machine === machine) legs.at(-1)?.hops.push(drawn)
    else legs.push({ machine, hops: [drawn], rises: false })
  }
  const { client, target } = traced.ends
  // It met no rule at all.
  if (client.machine && legs[0]?.machine !== client.machine) {
    legs.unshift({ machine: client.machine, hops: [], rises: false })
  }
  const last = legs.at(-1)
  if (last?.wire) last.rises = !target || target.machine === last.machine
  return legs
}

/** Those that it was about; whom it was for stands above who called, so that the way back up crosses nothing. */
export function podsOfTrace(
  { ends, verdict }: TracedRequest,
  { pods, services }: { pods: readonly NetworkPod[]; services: readonly NetworkService[] },
): TracePod[] {
  const named = (one?: { namespace: string; name: string }) =>
    pods.filter(({ namespace, name }) => one?.namespace === namespace && one.name === name)
  const target = named(ends.target?.pod).map((pod) => ({ pod, role: roleOfTarget(ends.isReached, verdict.state) }))
  const client = named(ends.client.pod).map((pod) => ({ pod, role: 'calls' as const }))
  const asked = ends.asked?.service
  const service = services.find(({ namespace, name }) => namespace === asked?.namespace && name === asked.name)
  const others = (service?.endpoints ?? [])
    .flatMap(({ pod, ready }) => (ready ? named(pod) : []))
    .map((pod) => ({ pod, role: 'not chosen' as const }))
  return [...new Map([...others, ...client, ...target].map((one) => [one.pod, one])).values()].toSorted(
    (one, other) => ORDER.indexOf(one.role) - ORDER.indexOf(other.role),
  )
}

const ORDER: readonly TracePod['role'][] = ['answers', 'refuses', 'not reached', 'calls', 'not chosen']

const roleOfTarget = (isReached: boolean, state: 'ok' | 'fail'): TracePod['role'] =>
  isReached ? (state === 'ok' ? 'answers' : 'refuses') : 'not reached'
