// The rules of mode userspace: every call of a Service is led to the socket that kube-proxy has for it on this machine.
// Pure.
//
//   PREROUTING ─► KUBE-PORTALS-CONTAINER ─► REDIRECT to the socket     (calls of pods, and from outside)
//   OUTPUT ─────► KUBE-PORTALS-HOST ──────► DNAT to it                 (calls of the machine itself)
//   … and for node ports, last of all, KUBE-NODEPORT-CONTAINER and KUBE-NODEPORT-HOST
//
// Upstream, until 1.25: pkg/proxy/userspace/proxier.go.

import { type Jump, jump } from '../iptables/jumps.ts'
import type { Ground, RuleSet } from '../iptables/rules.ts'
import type { ServicePort } from '../service-ports.ts'

export interface Portal {
  port: ServicePort
  /** Of the socket. */
  socketPort: number
}

const CLUSTER_IPS = 'handle ClusterIPs; NOTE: this must be before the NodePort rules'
const NODE_PORTS = 'handle service NodePorts; NOTE: this must be the last rule in the chain'
const LOCAL = '-m addrtype --dst-type LOCAL '

export const USERSPACE_JUMPS: readonly Jump[] = [
  jump('filter', 'INPUT', 'KUBE-NODEPORT-NON-LOCAL', 'Ensure that non-local NodePort traffic can flow'),
  jump('nat', 'PREROUTING', 'KUBE-PORTALS-CONTAINER', CLUSTER_IPS),
  jump('nat', 'OUTPUT', 'KUBE-PORTALS-HOST', CLUSTER_IPS),
  { ...jump('nat', 'PREROUTING', 'KUBE-NODEPORT-CONTAINER', NODE_PORTS, LOCAL), isLast: true },
  { ...jump('nat', 'OUTPUT', 'KUBE-NODEPORT-HOST', NODE_PORTS, LOCAL), isLast: true },
]

export function portalRules(portals: readonly Portal[], { nodeIP }: Pick<Ground, 'nodeIP'>): RuleSet {
  const nat = {
    'KUBE-PORTALS-CONTAINER': [] as string[],
    'KUBE-PORTALS-HOST': [] as string[],
    'KUBE-NODEPORT-CONTAINER': [] as string[],
    'KUBE-NODEPORT-HOST': [] as string[],
  }
  const nonLocal: string[] = []
  for (const { port, socketPort } of portals) {
    const { name, protocol } = port
    const called = (number: number) => `-m comment --comment "${name}" -p ${protocol} -m ${protocol} --dport ${number}`
    const to = (ip: string) => `${called(port.port)} -d ${ip}/${ip.includes(':') ? 128 : 32}`
    const redirect = `-j REDIRECT --to-ports ${socketPort}`
    const dnat = `-j DNAT --to-destination ${nodeIP.includes(':') ? `[${nodeIP}]` : nodeIP}:${socketPort}`
    for (const ip of [port.clusterIP, ...port.loadBalancerIPs]) {
      nat['KUBE-PORTALS-CONTAINER'].push(`${to(ip)} ${redirect}`)
      nat['KUBE-PORTALS-HOST'].push(`${to(ip)} ${dnat}`)
    }
    for (const ip of port.externalIPs) {
      // Not what a pod sends to an address out there: only what comes from there, or is this machine's own.
      const fromOutside = '-m physdev ! --physdev-is-in -m addrtype ! --src-type LOCAL'
      nat['KUBE-PORTALS-CONTAINER'].push(`${to(ip)} ${fromOutside} ${redirect}`, `${to(ip)} ${LOCAL}${redirect}`)
      nat['KUBE-PORTALS-HOST'].push(`${to(ip)} ${LOCAL}${dnat}`)
    }
    if (port.nodePort === 0) continue
    nat['KUBE-NODEPORT-CONTAINER'].push(`${called(port.nodePort)} ${redirect}`)
    nat['KUBE-NODEPORT-HOST'].push(`${called(port.nodePort)} ${dnat}`)
    nonLocal.push(`${called(socketPort)} -m state --state NEW -j ACCEPT`)
  }
  return { nat: new Map(Object.entries(nat)), filter: new Map([['KUBE-NODEPORT-NON-LOCAL', nonLocal]]) }
}

export const isChainOfUserspace = (chain: string) =>
  /^KUBE-(PORTALS-(CONTAINER|HOST)|NODEPORT-(CONTAINER|HOST|NON-LOCAL))$/.test(chain)
