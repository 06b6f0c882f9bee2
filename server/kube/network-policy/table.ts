// The shape of what is written into a machine's kernel: sets of addresses, and chains of rules that look them up.

import { createHash } from 'node:crypto'
import { isIPv6 } from 'node:net'

export type Direction = 'ingress' | 'egress'
export type Family = 'ip' | 'ip6'

export interface Block {
  cidr: string
  except: readonly string[]
}

/** Everything that is told must hold. */
export interface Allow {
  family?: Family
  /** Who is at the other end: one of a set, or in a range. */
  peer?: { set: string } | Block
  protocol?: 'tcp' | 'udp' | 'sctp'
  ports?: readonly (readonly [number, number])[]
  /** A set of addresses with the port that has the wanted name there. */
  namedPorts?: string
}

export type Rule =
  | { allow: Allow; direction: Direction; comment: string }
  | { jump: string }
  /** To what the map says of who is at the other end; on, where it says nothing. */
  | { byPeer: string; family: Family; direction: Direction }
  /** Has the kernel tell of what comes by, to whoever watches traces: so many in a second, and not more. */
  | { tell: number }
  /** Whose isolation it is. */
  | { drop: readonly string[]; direction: Direction }

export interface Table {
  /** Type and elements. In a map an element has its verdict after a colon. */
  sets: Map<string, { type: string; elements: ReadonlySet<string> }>
  chains: Map<string, readonly Rule[]>
}

export const FAMILIES = [
  { family: 'ip', type: 'ipv4_addr', mark: '', has: (address: string) => !isIPv6(address) },
  { family: 'ip6', type: 'ipv6_addr', mark: '/v6', has: isIPv6 },
] as const

/** Addresses that talk to themselves, by way of a Service: a pod cannot be kept from itself. */
export const SELF = 'self'
/** Isolated pods by address, to their chains. */
export const MAPS = { egress: 'pods-from', ingress: 'pods-to' } as const
/** What is about to be dropped comes by here. */
export const SHOW_DROPS = 'show-drops'
const LONGEST = 200

/** As people would call it; the kernel takes no more than 255 letters. */
export function nameOf(kind: string, { namespace, name }: { namespace: string; name: string }): string {
  const full = `${kind}/${namespace}/${name}`
  if (full.length <= LONGEST) return full
  return `${full.slice(0, LONGEST)}.${createHash('sha256').update(full).digest('hex').slice(0, 10)}`
}
