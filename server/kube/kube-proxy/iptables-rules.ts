// The rules that make Services work, as text for iptables-restore, chain by chain. Pure.
//
//   KUBE-SERVICES ─ cluster IP ──► KUBE-SVC-… ─ at random ──► KUBE-SEP-… ─► DNAT to the endpoint
//        └ last ► KUBE-NODEPORTS ─► KUBE-EXT-… ─► (masquerade) KUBE-SVC-…, or KUBE-SVL-… (local endpoints only)
//   no endpoints: KUBE-SERVICES / KUBE-EXTERNAL-SERVICES in table filter say REJECT
//
// Upstream: pkg/proxy/iptables/proxier.go.

import { endpointChain, externalChain, localChain, serviceChain } from './chain-names.ts'
import type { Endpoint, ServicePort } from './service-ports.ts'

export const MASQUERADE_MARK = '0x4000'

/** Chain → its rules, without `-A CHAIN`. */
export interface RuleSet {
  nat: Map<string, string[]>
  filter: Map<string, string[]>
}

export function ruleSetOf(ports: readonly ServicePort[], clusterCidr: string): RuleSet {
  const mark = MASQUERADE_MARK
  const services: string[] = []
  const nodePorts: string[] = []
  const refusals: string[] = []
  const externalRefusals: string[] = []
  const nat = new Map<string, string[]>([
    ['KUBE-MARK-MASQ', [`-j MARK --or-mark ${mark}`]],
    [
      'KUBE-POSTROUTING',
      [
        `-m mark ! --mark ${mark}/${mark} -j RETURN`,
        `-j MARK --xor-mark ${mark}`,
        `${comment('kubernetes service traffic requiring SNAT')} -j MASQUERADE --random-fully`,
      ],
    ],
    ['KUBE-SERVICES', services],
    ['KUBE-NODEPORTS', nodePorts],
  ])
  for (const port of ports) addPort(port, { nat, services, nodePorts, refusals, externalRefusals, clusterCidr })
  const toNode = 'kubernetes service nodeports; NOTE: this must be the last rule in this chain'
  services.push(`${comment(toNode)} -m addrtype --dst-type LOCAL -j KUBE-NODEPORTS`)

  const filter = new Map<string, string[]>([
    ['KUBE-SERVICES', refusals],
    ['KUBE-EXTERNAL-SERVICES', externalRefusals],
    [
      'KUBE-FORWARD',
      [
        '-m conntrack --ctstate INVALID -j DROP',
        `${comment('kubernetes forwarding rules')} -m mark --mark ${mark}/${mark} -j ACCEPT`,
        `${comment('kubernetes forwarding conntrack rule')} -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT`,
      ],
    ],
  ])
  return { nat, filter }
}

interface Building {
  nat: Map<string, string[]>
  services: string[]
  nodePorts: string[]
  refusals: string[]
  externalRefusals: string[]
  clusterCidr: string
}

function addPort(port: ServicePort, into: Building): void {
  const { name, protocol, clusterIP, endpoints } = port
  const to = (ip: string) => `-m ${protocol} -p ${protocol} -d ${ip}/32 --dport ${port.port}`
  const toNode = `-m ${protocol} -p ${protocol} --dport ${port.nodePort}`
  const local = endpoints.filter(({ isLocal }) => isLocal)
  const internal = port.internalLocal ? local : endpoints
  const external = port.externalLocal ? local : endpoints
  const svc = serviceChain(name, protocol)
  const svl = localChain(name, protocol)
  const ext = externalChain(name, protocol)
  const internalChain = port.internalLocal ? svl : svc

  if (internal.length === 0) {
    // Nobody anywhere: say so. Nobody here, by the service's own wish: be silent, as upstream.
    const verdict = endpoints.length === 0 ? 'REJECT' : 'DROP'
    const why = endpoints.length === 0 ? 'has no endpoints' : 'has no local endpoints'
    into.refusals.push(`${comment(`${name} ${why}`)} ${to(clusterIP)} -j ${verdict}`)
  } else {
    into.services.push(`${comment(`${name} cluster IP`)} ${to(clusterIP)} -j ${internalChain}`)
  }
  const verdict = endpoints.length === 0 ? 'REJECT' : 'DROP'
  const why = endpoints.length === 0 ? 'has no endpoints' : 'has no local endpoints'
  for (const ip of port.externalIPs) {
    if (external.length === 0) into.externalRefusals.push(`${comment(`${name} ${why}`)} ${to(ip)} -j ${verdict}`)
    else into.services.push(`${comment(`${name} external IP`)} ${to(ip)} -j ${ext}`)
  }
  if (port.nodePort > 0) {
    if (external.length === 0) {
      into.externalRefusals.push(`${comment(`${name} ${why}`)} -m addrtype --dst-type LOCAL ${toNode} -j ${verdict}`)
    } else into.nodePorts.push(`${comment(name)} ${toNode} -j ${ext}`)
  }

  const isExternal = (port.nodePort > 0 || port.externalIPs.length > 0) && external.length > 0
  if (isExternal) into.nat.set(ext, externalRules(port, { svc, svl, clusterCidr: into.clusterCidr }))
  const fromOutside = `${comment(`${name} cluster IP`)} ${to(clusterIP)} ! -s ${into.clusterCidr} -j KUBE-MARK-MASQ`
  const usesCluster = endpoints.length > 0 && (!port.internalLocal || isExternal)
  if (usesCluster) into.nat.set(svc, [fromOutside, ...balance(port, endpoints)])
  const usesLocal = local.length > 0 && (port.internalLocal || (isExternal && port.externalLocal))
  if (usesLocal) into.nat.set(svl, [...(port.internalLocal ? [fromOutside] : []), ...balance(port, local)])
  for (const endpoint of usesCluster ? endpoints : usesLocal ? local : []) {
    into.nat.set(chainOf(port, endpoint), endpointRules(port, endpoint))
  }
}

function externalRules(
  port: ServicePort,
  { svc, svl, clusterCidr }: { svc: string; svl: string; clusterCidr: string },
) {
  const { name } = port
  if (!port.externalLocal) {
    return [`${comment(`masquerade traffic for ${name} external destinations`)} -j KUBE-MARK-MASQ`, `-j ${svc}`]
  }
  // Pods and the node itself reach any endpoint; only who comes from outside is kept on this node.
  return [
    `${comment(`pod traffic for ${name} external destinations`)} -s ${clusterCidr} -j ${svc}`,
    `${comment(`masquerade LOCAL traffic for ${name} external destinations`)} -m addrtype --src-type LOCAL -j KUBE-MARK-MASQ`,
    `${comment(`route LOCAL traffic for ${name} external destinations`)} -m addrtype --src-type LOCAL -j ${svc}`,
    `-j ${svl}`,
  ]
}

/** Affinity first, then dice: one in n, one in n−1 of the rest, … the last takes what is left. */
function balance(port: ServicePort, endpoints: readonly Endpoint[]): string[] {
  const rules: string[] = []
  if (port.affinitySeconds > 0) {
    for (const endpoint of endpoints) {
      const chain = chainOf(port, endpoint)
      const seen = `-m recent --name ${chain} --rcheck --seconds ${port.affinitySeconds} --reap --rsource`
      rules.push(`${comment(`${port.name} -> ${endpoint.ip}:${endpoint.port}`)} ${seen} -j ${chain}`)
    }
  }
  endpoints.forEach((endpoint, index) => {
    const left = endpoints.length - index
    const dice = left > 1 ? `-m statistic --mode random --probability ${(1 / left).toFixed(10)} ` : ''
    rules.push(`${comment(`${port.name} -> ${endpoint.ip}:${endpoint.port}`)} ${dice}-j ${chainOf(port, endpoint)}`)
  })
  return rules
}

function endpointRules(port: ServicePort, { ip, port: number }: Endpoint): string[] {
  const { name, protocol } = port
  const remember =
    port.affinitySeconds > 0 ? `-m recent --name ${chainOf(port, { ip, port: number })} --set --rsource ` : ''
  return [
    // A pod that reaches itself through its service must see an address that it answers to.
    `${comment(name)} -s ${ip}/32 -j KUBE-MARK-MASQ`,
    `${comment(name)} ${remember}-m ${protocol} -p ${protocol} -j DNAT --to-destination ${ip}:${number}`,
  ]
}

const chainOf = (port: ServicePort, { ip, port: number }: Pick<Endpoint, 'ip' | 'port'>) =>
  endpointChain(port.name, port.protocol, `${ip}:${number}`)

const comment = (text: string) => `-m comment --comment "${text}"`
