// The sets of addresses and ports that mode ipvs compares packets with, in place of a rule for each: names, types and
// entries are upstream's (pkg/proxy/ipvs/ipset.go). Pure.

import { holdsAddress } from '../../apimachinery/ip-rules.ts'
import type { Ground } from '../iptables/rules.ts'
import type { Family, ServicePort } from '../service-ports.ts'

const IP_PORT = 'hash:ip,port'
const PORT = 'bitmap:port'

const SETS = {
  'KUBE-LOOP-BACK': 'hash:ip,port,ip',
  'KUBE-CLUSTER-IP': IP_PORT,
  'KUBE-EXTERNAL-IP': IP_PORT,
  'KUBE-EXTERNAL-IP-LOCAL': IP_PORT,
  'KUBE-LOAD-BALANCER': IP_PORT,
  'KUBE-LOAD-BALANCER-LOCAL': IP_PORT,
  'KUBE-LOAD-BALANCER-FW': IP_PORT,
  'KUBE-LOAD-BALANCER-SOURCE-IP': 'hash:ip,port,ip',
  'KUBE-LOAD-BALANCER-SOURCE-CIDR': 'hash:ip,port,net',
  'KUBE-NODE-PORT-TCP': PORT,
  'KUBE-NODE-PORT-LOCAL-TCP': PORT,
  'KUBE-NODE-PORT-UDP': PORT,
  'KUBE-NODE-PORT-LOCAL-UDP': PORT,
  'KUBE-NODE-PORT-SCTP-HASH': IP_PORT,
  'KUBE-NODE-PORT-LOCAL-SCTP-HASH': IP_PORT,
  'KUBE-HEALTH-CHECK-NODE-PORT': PORT,
  'KUBE-IPVS-IPS': 'hash:ip',
} as const
export type SetName = keyof typeof SETS
export type IpSets = ReadonlyMap<SetName, ReadonlySet<string>>

export const SET_NAMES = Object.keys(SETS) as SetName[]

/** Both families may have theirs on one machine; a name has 31 characters at most. */
export const nameIn = (family: Family, set: SetName) =>
  family === 'IPv6' ? set.replace('KUBE-', 'KUBE-6-').slice(0, 31) : set

/** `bound`: addresses that the machine has as its own, for IPVS looks only at what has arrived. */
export function ipSetsOf(
  ports: readonly ServicePort[],
  { nodeIP, bound }: Pick<Ground, 'nodeIP'> & { bound: readonly string[] },
): IpSets {
  const sets = new Map(SET_NAMES.map((name) => [name, new Set<string>()]))
  const add = (name: SetName, entry: string | number) => sets.get(name)?.add(String(entry))
  for (const ip of bound) add('KUBE-IPVS-IPS', ip)
  for (const port of ports) {
    const { protocol, externalLocal } = port
    const at = (ip: string) => `${ip},${protocol}:${port.port}`
    add('KUBE-CLUSTER-IP', at(port.clusterIP))
    for (const { ip, port: number, isLocal } of [...port.cluster, ...port.local]) {
      if (isLocal) add('KUBE-LOOP-BACK', `${ip},${protocol}:${number},${ip}`)
    }
    for (const ip of port.externalIPs) add(externalLocal ? 'KUBE-EXTERNAL-IP-LOCAL' : 'KUBE-EXTERNAL-IP', at(ip))
    for (const ip of port.loadBalancerIPs) {
      add('KUBE-LOAD-BALANCER', at(ip))
      if (externalLocal) add('KUBE-LOAD-BALANCER-LOCAL', at(ip))
      const ranges = port.loadBalancerSourceRanges
      if (ranges.length > 0) add('KUBE-LOAD-BALANCER-FW', at(ip))
      for (const range of ranges) add('KUBE-LOAD-BALANCER-SOURCE-CIDR', `${at(ip)},${range}`)
      // The node calls from the load balancer's address where that is its own.
      if (ranges.some((range) => holdsAddress(range, nodeIP))) add('KUBE-LOAD-BALANCER-SOURCE-IP', `${at(ip)},${ip}`)
    }
    if (port.nodePort > 0) {
      const which = protocol === 'sctp' ? 'SCTP-HASH' : protocol === 'tcp' ? 'TCP' : 'UDP'
      const entry = protocol === 'sctp' ? `${nodeIP},sctp:${port.nodePort}` : port.nodePort
      add(`KUBE-NODE-PORT-${which}`, entry)
      if (externalLocal) add(`KUBE-NODE-PORT-LOCAL-${which}`, entry)
    }
    if (port.healthCheckNodePort > 0) add('KUBE-HEALTH-CHECK-NODE-PORT', port.healthCheckNodePort)
  }
  return sets
}

/** For `ipset restore`. What was there before kube-proxy started is emptied: it is not read. */
export function ipSetLines(wanted: IpSets, applied: IpSets | undefined, family: Family): string[] {
  const lines: string[] = []
  for (const [set, entries] of wanted) {
    const name = nameIn(family, set)
    const before = applied?.get(set)
    if (!before) {
      const type = SETS[set]
      const room = type === PORT ? 'range 0-65535' : `family ${family === 'IPv6' ? 'inet6' : 'inet'} maxelem 65536`
      lines.push(`create ${name} ${type} ${room} -exist`, `flush ${name}`)
    }
    for (const entry of entries) if (!before?.has(entry)) lines.push(`add ${name} ${entry} -exist`)
    for (const entry of before ?? []) if (!entries.has(entry)) lines.push(`del ${name} ${entry} -exist`)
  }
  return lines
}
