// One direction of a policy as rules that accept: for each who may be at the other end, each port by which.

import { isIPv6 } from 'node:net'
import type { NetworkPolicy, NetworkPolicyPeer, NetworkPolicyPort } from 'kubernetes-types/networking/v1'
import { canonicalCidr } from '../apimachinery/ip-rules.ts'
import type { Peers } from './peers.ts'
import type { PodFacts } from './pod-facts.ts'
import { type Allow, type Direction, type Family, nameOf, type Rule } from './table.ts'

/** A part of what must hold: who, or by which port. */
type Part = Pick<Allow, 'family' | 'peer' | 'protocol' | 'ports' | 'namedPorts'>

const ANY: Part = {}

export function allowRules(policy: NetworkPolicy, direction: Direction, peers: Peers): Rule[] {
  const { namespace = '', name = '' } = policy.metadata ?? {}
  const rules =
    direction === 'ingress'
      ? (policy.spec?.ingress ?? []).map(({ from, ports }) => ({ others: from ?? [], ports: ports ?? [] }))
      : (policy.spec?.egress ?? []).map(({ to, ports }) => ({ others: to ?? [], ports: ports ?? [] }))
  return rules.flatMap(({ others, ports }, index) => {
    const set = `${nameOf(direction, { namespace, name })}/${index}`
    const pods = others.filter(({ ipBlock }) => !ipBlock).flatMap((peer) => peers.meantBy(peer, namespace))
    const who = others.length === 0 ? [ANY] : [...podParts(set, pods, peers), ...blockParts(others)]
    const allowed = who.flatMap((one) => portParts(ports, peers).flatMap((port) => both(one, port)))
    const host = pods.filter(({ isPartOfHost }) => isPartOfHost).flatMap((pod) => hostParts(pod, ports))
    const comment = `${namespace}/${name} ${direction}[${index}]`
    return [...allowed, ...host].map((allow) => ({ allow, direction, comment }))
  })
}

/** None where the one is about IPv4 and the other about IPv6. */
function both(one: Part, other: Part): Allow[] {
  return one.family && other.family && one.family !== other.family ? [] : [{ ...one, ...other }]
}

function podParts(set: string, pods: readonly PodFacts[], peers: Peers): Part[] {
  const meant = pods.filter(({ isPartOfHost }) => !isPartOfHost)
  return peers.setOf(set, meant).map(({ family, set: of }) => ({ family, peer: { set: of } }))
}

function blockParts(others: readonly NetworkPolicyPeer[]): Part[] {
  return others.flatMap(({ ipBlock }) => {
    if (!ipBlock) return []
    const except = (ipBlock.except ?? []).map(canonicalCidr)
    return [{ family: familyOf(ipBlock.cidr), peer: { cidr: canonicalCidr(ipBlock.cidr), except } }]
  })
}

/** Where its address is the host's, a pod means its ports and nothing else that the host has. */
function hostParts({ addresses, ports: own }: PodFacts, ports: readonly NetworkPolicyPort[]): Part[] {
  const isMeant = ({ name, protocol, port }: PodFacts['ports'][number]) =>
    ports.length === 0 ||
    ports.some(({ port: wanted, endPort, protocol: by = 'TCP' }) => {
      if (by !== protocol) return false
      if (typeof wanted === 'string') return wanted === name
      return wanted === undefined || (port >= wanted && port <= (endPort ?? wanted))
    })
  return addresses.flatMap((address) =>
    own.filter(isMeant).map(({ protocol, port }) => ({
      family: familyOf(address),
      peer: { cidr: `${address}/${isIPv6(address) ? 128 : 32}`, except: [] },
      protocol: protocol.toLowerCase() as NonNullable<Allow['protocol']>,
      ports: [[port, port]] as const,
    })),
  )
}

function portParts(ports: readonly NetworkPolicyPort[], peers: Peers): Part[] {
  if (ports.length === 0) return [ANY]
  return [...Map.groupBy(ports, ({ protocol = 'TCP' }) => protocol)].flatMap(([of, list]) => {
    const protocol = of.toLowerCase() as NonNullable<Allow['protocol']>
    if (list.some(({ port }) => port === undefined)) return [{ protocol }]
    const names = [...new Set(list.map(({ port }) => port).filter((port) => typeof port === 'string'))]
    const ranges = list.flatMap(({ port, endPort }) =>
      typeof port === 'number' ? [[port, endPort ?? port] as const] : [],
    )
    const named = names.flatMap((name) =>
      peers.namedPort(name, of).map(({ family, set }) => ({ family, protocol, namedPorts: set })),
    )
    return ranges.length > 0 ? [{ protocol, ports: joined(ranges) }, ...named] : named
  })
}

/** The kernel takes no ranges that overlap. */
function joined(ranges: readonly (readonly [number, number])[]): [number, number][] {
  const result: [number, number][] = []
  for (const [from, to] of [...ranges].sort(([a], [b]) => a - b)) {
    const last = result.at(-1)
    if (last && from <= last[1] + 1) last[1] = Math.max(last[1], to)
    else result.push([from, to])
  }
  return result
}

const familyOf = (address: string): Family => (isIPv6(address.split('/')[0] ?? '') ? 'ip6' : 'ip')
