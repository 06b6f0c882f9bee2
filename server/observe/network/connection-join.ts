// Joins what the kernels of all machines tell: two machines that see one connection see it with the same answer's
// direction, because every rewriting is over there. Only what was told is kept; nothing is guessed.

import type { StoppedCall } from '../../kube/network/connection-news.ts'
import type { ConnectionEvent } from '../../kube/network/conntrack-line.ts'
import type { Addresses } from './addresses.ts'
import type { ConnectionEnd, Place, Purpose, SeenConnection, StoppedBy } from './network-push.ts'
import { withPort } from './object-addresses.ts'

const MOST_KEPT = 2000
/** Ports are used again: only what is told within this time of each other is one connection. */
const SAME_WITHIN_MS = 5000
/** Who is not answered tries again, each time after twice as long; most callers have given up by then. */
const TRIED_AGAIN_WITHIN_MS = 35_000
/** A Pod that calls as soon as it runs is seen before the API server has been told its address. */
const KNOWN_WITHIN_MS = 10_000
const KUBELET_PORT = 10250

interface Kept {
  seen: SeenConnection
  event: ConnectionEvent
  /** Counts changes over all connections, so that whoever looks knows what is new. */
  change: number
  key: string
  /** `machine id`, by which its end is told. */
  tellers: string[]
  /** When a rule stopped it last. */
  stoppedAt?: number
}

export class ConnectionJoin {
  #change = 0
  #nextId = 1
  readonly #kept = new Map<number, Kept>()
  readonly #byKey = new Map<string, Kept>()
  readonly #byTeller = new Map<string, Kept>()

  /** The number of the newest change. */
  get change(): number {
    return this.#change
  }

  hear(machine: string, event: ConnectionEvent, addresses: Addresses): void {
    const teller = `${machine} ${event.id}`
    if (event.type === 'gone') {
      const kept = this.#byTeller.get(teller)
      this.#byTeller.delete(teller)
      // One that began before anybody looked has no beginning to tell of.
      if (kept) this.#end(kept, event)
      return
    }
    this.#begin(machine, event, addresses, teller)
  }

  /** Before it became a connection, on this machine at least: where the caller's kernel let it through, it told of one. */
  stop(machine: string, call: StoppedCall, why: string, addresses: Addresses): void {
    const event = eventOf(call)
    const same = this.#byKey.get(keyOf(event))
    const isAgain = same?.stoppedAt !== undefined && call.at - same.stoppedAt < TRIED_AGAIN_WITHIN_MS
    const kept = isAgain ? same : this.#begin(machine, event, addresses)
    kept.stoppedAt = call.at
    if (isAgain) return
    const { at, how, rule } = call
    const by: StoppedBy = { machine, rule, why }
    this.#set(kept, { ...kept.seen, ...readKept(kept, addresses), end: { at, how, by } })
  }

  #begin(machine: string, event: ConnectionEvent, addresses: Addresses, teller?: string): Kept {
    const key = keyOf(event)
    const same = this.#byKey.get(key)
    if (same && !same.seen.machines.includes(machine) && Math.abs(same.event.at - event.at) < SAME_WITHIN_MS) {
      // The kernel that rewrote knows whom the caller asked for; the other sees the result only.
      const isOrigin = isRewritten(event) && !isRewritten(same.event)
      const machines = isOrigin ? [machine, ...same.seen.machines] : [...same.seen.machines, machine]
      if (isOrigin) same.event = event
      this.#hears(same, teller)
      this.#set(same, { ...readKept(same, addresses), id: same.seen.id, machines })
      return same
    }
    const id = this.#nextId++
    const kept: Kept = {
      seen: { ...read(event, addresses), id, machines: [machine] },
      event,
      change: ++this.#change,
      key,
      tellers: [],
    }
    this.#hears(kept, teller)
    this.#kept.set(id, kept)
    this.#byKey.set(key, kept)
    this.#forgetOldest()
    return kept
  }

  /** Nobody tells the end of what never became a connection. */
  #hears(kept: Kept, teller: string | undefined): void {
    if (teller === undefined) return
    kept.tellers.push(teller)
    this.#byTeller.set(teller, kept)
  }

  /** Newer objects may know addresses of connections that have just begun. */
  lookAgain(addresses: Addresses, now: number): void {
    for (const kept of [...this.#kept.values()].reverse()) {
      if (now - kept.event.at > KNOWN_WITHIN_MS) return
      const { from, asked, endpoint, id, machines, end } = kept.seen
      if ([from, asked, endpoint].every(isKnown)) continue
      const read = readKept(kept, addresses)
      const again = { ...read, id, machines, ...(end ? { end } : {}) }
      if (JSON.stringify(again) !== JSON.stringify(kept.seen)) this.#set(kept, again)
    }
  }

  /** Oldest first. */
  changedSince(change: number): SeenConnection[] {
    return [...this.#kept.values()].filter((kept) => kept.change > change).map(({ seen }) => seen)
  }

  #end(kept: Kept, event: ConnectionEvent): void {
    // Both machines tell the end; the first to do so is right, and the second says the same.
    if (!kept.seen.end) this.#set(kept, { ...kept.seen, end: endOf(event) })
  }

  #set(kept: Kept, seen: SeenConnection): void {
    kept.seen = { ...seen, ...(kept.seen.end && !seen.end ? { end: kept.seen.end } : {}) }
    kept.change = ++this.#change
  }

  #forgetOldest(): void {
    const [oldest] = this.#kept.values()
    if (!oldest || this.#kept.size <= MOST_KEPT) return
    this.#kept.delete(oldest.seen.id)
    if (this.#byKey.get(oldest.key) === oldest) this.#byKey.delete(oldest.key)
    for (const teller of oldest.tellers) if (this.#byTeller.get(teller) === oldest) this.#byTeller.delete(teller)
  }
}

function read(
  { at, protocol, asked, answered }: ConnectionEvent,
  addresses: Addresses,
): Omit<SeenConnection, 'id' | 'machines'> {
  const from = addresses.placeOf(asked.from, asked.fromPort, { protocol, isAsked: false })
  const called = addresses.placeOf(asked.to, asked.toPort, { protocol, isAsked: true })
  const endpoint = addresses.placeOf(answered.from, answered.fromPort, { protocol, isAsked: false })
  const served = endpoint.pod ? undefined : addresses.servedBy(endpoint, protocol)
  return {
    at,
    protocol,
    from,
    asked: called,
    endpoint: served ? { ...endpoint, service: served } : endpoint,
    ...(answered.to === asked.from ? {} : { masqueradedAs: answered.to }),
    purpose: purposeOf(from, called, endpoint, served, addresses),
  }
}

function purposeOf(
  from: Place,
  asked: Place,
  endpoint: Place,
  served: Place['service'],
  addresses: Addresses,
): Purpose {
  const service = asked.service ?? served
  const isMachine = from.machine !== undefined && !from.pod
  if (service?.namespace === 'kube-system' && service.name === 'kube-dns') return 'dns'
  if (isMachine && endpoint.pod && endpoint.machine === from.machine && !asked.service && addresses.isProbed(endpoint))
    return 'probe'
  // Machines by themselves (within them, API server, images, neighbours), and the API server that asks a kubelet.
  if (isLoopback(from) && isLoopback(endpoint)) return 'control'
  if ((isMachine || isOfNobody(from)) && !endpoint.pod && !asked.service) return 'control'
  if (endpoint.machine && !endpoint.pod && endpoint.port === KUBELET_PORT && !from.pod) return 'control'
  return ''
}

function endOf({ at, protocol, state, replied, asked, answered }: ConnectionEvent): ConnectionEnd {
  // A refusal is an answer too, a single packet, but none that the kernel takes for a conversation.
  const wasRefused = protocol === 'tcp' && !replied && state === 'CLOSE' && answered.packets !== 0
  return {
    at,
    how: replied ? 'closed' : wasRefused ? 'refused' : 'unanswered',
    ...(asked.bytes === undefined ? {} : { bytesSent: asked.bytes }),
    ...(answered.bytes === undefined ? {} : { bytesBack: answered.bytes }),
  }
}

const isLoopback = ({ ip }: Place) => ip.startsWith('127.') || ip === '::1'

/** None yet, or one that every link has. */
const isOfNobody = ({ ip }: Place) => ip === '0.0.0.0' || ip === '::' || ip.startsWith('fe80:')

/** The same on both machines: the answer's direction. */
const keyOf = ({ protocol, answered: { from, to, fromPort, toPort } }: ConnectionEvent) =>
  `${protocol} ${withPort(from, fromPort)} ${withPort(to, toPort)}`

/** As the kernel that stopped it would have told it. */
function eventOf({ at, protocol, from, fromPort, to, toPort }: StoppedCall): ConnectionEvent {
  const asked = { from, to, fromPort, toPort }
  const answered = { from: to, to: from, fromPort: toPort, toPort: fromPort }
  return { type: 'new', at, id: '', protocol, state: '', replied: false, asked, answered }
}

/** One that was stopped where no rule led on from the Service came no further than that. */
function readKept({ event, stoppedAt }: Kept, addresses: Addresses): ReturnType<typeof read> {
  const seen = read(event, addresses)
  const { asked, endpoint } = seen
  return stoppedAt !== undefined && asked.service && asked.ip === endpoint.ip ? { ...seen, endpoint: asked } : seen
}

const isRewritten = ({ asked, answered }: ConnectionEvent) =>
  asked.to !== answered.from || asked.toPort !== answered.fromPort || asked.from !== answered.to

const isKnown = ({ pod, machine, service }: Place) => Boolean(pod || machine || service)
