// The rules that make Services work, as text for iptables-restore, chain by chain. Pure.
//
//   KUBE-SERVICES ─ cluster IP ──► KUBE-SVC-… ─ at random ──► KUBE-SEP-… ─► DNAT to the endpoint
//        ├ external ─► KUBE-EXT-… ─► (masquerade) KUBE-SVC-…, or KUBE-SVL-… (local endpoints only)
//        ├ load balancer ─► KUBE-FW-… (who may) ─► KUBE-EXT-…
//        └ last ► KUBE-NODEPORTS ─► KUBE-EXT-…
//   table filter: no endpoints → REJECT or DROP, callers a load balancer does not take → DROP, health check ports → ACCEPT
//
// Upstream: pkg/proxy/iptables/proxier.go.

import { holdsAddress } from '../../apimachinery/ip-rules.ts'
import type { Endpoint } from '../choose-endpoints.ts'
import { type Family, isExternal, type ServicePort } from '../service-ports.ts'
import { endpointChain, externalChain, firewallChain, localChain, serviceChain } from './chain-names.ts'

export const MASQUERADE_MARK = '0x4000'

/** Chain → its rules, without `-A CHAIN`. */
export interface RuleSet {
  nat: Map<string, readonly string[]>
  filter: Map<string, readonly string[]>
}

export interface Ground {
  family: Family
  /** Callers in it are pods. */
  clusterCidr: string
  nodeIP: string
}

/** What one port of a Service adds to the chains of all, and chains of its own. */
export interface PortRules {
  services: string[]
  nodePorts: string[]
  refusals: string[]
  externalRefusals: string[]
  firewall: string[]
  healthChecks: string[]
  chains: Map<string, readonly string[]>
}

export function ruleSetOf(ports: readonly PortRules[], { family }: Ground): RuleSet {
  const mark = MASQUERADE_MARK
  const all = (pick: (rules: PortRules) => string[]) => ports.flatMap(pick)
  const toNode = 'kubernetes service nodeports; NOTE: this must be the last rule in this chain'
  const nat = new Map<string, readonly string[]>([
    ['KUBE-MARK-MASQ', [`-j MARK --or-mark ${mark}`]],
    [
      'KUBE-POSTROUTING',
      [
        `-m mark ! --mark ${mark}/${mark} -j RETURN`,
        `-j MARK --xor-mark ${mark}`,
        `${comment('kubernetes service traffic requiring SNAT')} -j MASQUERADE --random-fully`,
      ],
    ],
    [
      'KUBE-SERVICES',
      [
        ...all(({ services }) => services),
        // Calls to the loopback address cannot be led elsewhere in IPv6.
        `${comment(toNode)} -m addrtype --dst-type LOCAL ${family === 'IPv6' ? '! -d ::1/128 ' : ''}-j KUBE-NODEPORTS`,
      ],
    ],
    ['KUBE-NODEPORTS', all(({ nodePorts }) => nodePorts)],
  ])
  for (const { chains } of ports) for (const [chain, rules] of chains) nat.set(chain, rules)
  const filter = new Map<string, readonly string[]>([
    ['KUBE-SERVICES', all(({ refusals }) => refusals)],
    ['KUBE-EXTERNAL-SERVICES', all(({ externalRefusals }) => externalRefusals)],
    ['KUBE-NODEPORTS', all(({ healthChecks }) => healthChecks)],
    ['KUBE-PROXY-FIREWALL', all(({ firewall }) => firewall)],
    ['KUBE-FIREWALL', family === 'IPv4' ? [LOCALNET] : []],
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

/** Node ports answer on loopback too, for which packets from it must be let out (`route_localnet`); nobody else's come in. */
const LOCALNET =
  '-m comment --comment "block incoming localnet connections" -d 127.0.0.0/8 ! -s 127.0.0.0/8 -m conntrack ! --ctstate RELATED,ESTABLISHED,DNAT -j DROP'

export function rulesOf(port: ServicePort, ground: Ground): PortRules {
  const { name, protocol, cluster, local, hasEndpoints } = port
  const to = (ip: string) => `-m ${protocol} -p ${protocol} -d ${ip} --dport ${port.port}`
  const toNode = `-m ${protocol} -p ${protocol} --dport ${port.nodePort}`
  const svc = serviceChain(name, protocol)
  const svl = localChain(name, protocol)
  const ext = externalChain(name, protocol)
  const fw = firewallChain(name, protocol)
  const internal = port.internalLocal ? { chain: svl, endpoints: local } : { chain: svc, endpoints: cluster }
  const external = port.externalLocal ? { chain: svl, endpoints: local } : { chain: svc, endpoints: cluster }
  const rules: PortRules = {
    services: [],
    nodePorts: [],
    refusals: [],
    externalRefusals: [],
    firewall: [],
    healthChecks: [],
    chains: new Map(),
  }
  // Nobody anywhere: say so at once. Nobody here, by the Service's own wish: be silent, somebody else will answer.
  const why = comment(`${name} ${hasEndpoints ? 'has no local endpoints' : 'has no endpoints'}`)
  const verdict = hasEndpoints ? 'DROP' : 'REJECT'
  const refuse = external.endpoints.length === 0

  if (internal.endpoints.length === 0) rules.refusals.push(`${why} ${to(port.clusterIP)} -j ${verdict}`)
  else rules.services.push(`${comment(`${name} cluster IP`)} ${to(port.clusterIP)} -j ${internal.chain}`)
  for (const ip of port.externalIPs) {
    if (hasEndpoints) rules.services.push(`${comment(`${name} external IP`)} ${to(ip)} -j ${ext}`)
    if (refuse) rules.externalRefusals.push(`${why} ${to(ip)} -j ${verdict}`)
  }
  const isGuarded = port.loadBalancerIPs.length > 0 && port.loadBalancerSourceRanges.length > 0
  for (const ip of port.loadBalancerIPs) {
    const chain = isGuarded ? fw : ext
    if (hasEndpoints) rules.services.push(`${comment(`${name} loadbalancer IP`)} ${to(ip)} -j ${chain}`)
    if (isGuarded) rules.firewall.push(`${comment(`${name} traffic not accepted by ${fw}`)} ${to(ip)} -j DROP`)
    if (refuse) rules.externalRefusals.push(`${why} ${to(ip)} -j ${verdict}`)
  }
  if (port.nodePort > 0) {
    if (hasEndpoints) rules.nodePorts.push(`${comment(name)} ${toNode} -j ${ext}`)
    if (refuse) rules.externalRefusals.push(`${why} -m addrtype --dst-type LOCAL ${toNode} -j ${verdict}`)
  }
  if (port.healthCheckNodePort > 0) {
    const text = comment(`${name} health check node port`)
    rules.healthChecks.push(`${text} -m tcp -p tcp --dport ${port.healthCheckNodePort} -j ACCEPT`)
  }

  const fromOutside = `${comment(`${name} cluster IP`)} ${to(port.clusterIP)} ! -s ${ground.clusterCidr} -j KUBE-MARK-MASQ`
  const guard = (chain: string) => (chain === internal.chain ? [fromOutside] : [])
  if (cluster.length > 0) rules.chains.set(svc, [...guard(svc), ...balance(port, cluster)])
  if (local.length > 0) rules.chains.set(svl, [...guard(svl), ...balance(port, local)])
  for (const endpoint of [...cluster, ...local])
    rules.chains.set(chainOf(port, endpoint), endpointRules(port, endpoint))
  if (hasEndpoints && isExternal(port)) {
    rules.chains.set(ext, [
      ...comingFromOutside(port, { svc, clusterCidr: ground.clusterCidr }),
      ...(refuse ? [] : [`-j ${external.chain}`]),
    ])
    if (isGuarded) rules.chains.set(fw, callersTaken(port, ext, ground.nodeIP))
  }
  return rules
}

function comingFromOutside(
  { name, externalLocal }: ServicePort,
  { svc, clusterCidr }: { svc: string; clusterCidr: string },
): string[] {
  if (!externalLocal) return [`${comment(`masquerade traffic for ${name} external destinations`)} -j KUBE-MARK-MASQ`]
  // Pods and the node itself reach any endpoint; only who comes from outside is kept on this node.
  return [
    `${comment(`pod traffic for ${name} external destinations`)} -s ${clusterCidr} -j ${svc}`,
    `${comment(`masquerade LOCAL traffic for ${name} external destinations`)} -m addrtype --src-type LOCAL -j KUBE-MARK-MASQ`,
    `${comment(`route LOCAL traffic for ${name} external destinations`)} -m addrtype --src-type LOCAL -j ${svc}`,
  ]
}

function callersTaken({ name, loadBalancerSourceRanges, loadBalancerIPs }: ServicePort, ext: string, nodeIP: string) {
  const text = comment(`${name} loadbalancer IP`)
  // A node that has the load balancer's address as its own calls from that address.
  const own = loadBalancerSourceRanges.some((range) => holdsAddress(range, nodeIP)) ? loadBalancerIPs : []
  return [
    ...[...loadBalancerSourceRanges, ...own].map((range) => `${text} -s ${range} -j ${ext}`),
    comment(`other traffic to ${name} will be dropped by KUBE-PROXY-FIREWALL`),
  ]
}

/** Affinity first, then dice: one in n, one in n−1 of the rest, … the last takes what is left. */
function balance(port: ServicePort, endpoints: readonly Endpoint[]): string[] {
  const rules: string[] = []
  const text = (endpoint: Endpoint) => comment(`${port.name} -> ${addressOf(endpoint)}`)
  if (port.affinitySeconds > 0) {
    for (const endpoint of endpoints) {
      const chain = chainOf(port, endpoint)
      const seen = `-m recent --name ${chain} --rcheck --seconds ${port.affinitySeconds} --reap`
      rules.push(`${text(endpoint)} ${seen} -j ${chain}`)
    }
  }
  endpoints.forEach((endpoint, index) => {
    const left = endpoints.length - index
    const dice = left > 1 ? `-m statistic --mode random --probability ${(1 / left).toFixed(10)} ` : ''
    rules.push(`${text(endpoint)} ${dice}-j ${chainOf(port, endpoint)}`)
  })
  return rules
}

function endpointRules(port: ServicePort, endpoint: Endpoint): string[] {
  const { name, protocol } = port
  const remember = port.affinitySeconds > 0 ? `-m recent --name ${chainOf(port, endpoint)} --set ` : ''
  return [
    // A pod that reaches itself through its service must see an address that it answers to.
    `${comment(name)} -s ${endpoint.ip} -j KUBE-MARK-MASQ`,
    `${comment(name)} ${remember}-m ${protocol} -p ${protocol} -j DNAT --to-destination ${addressOf(endpoint)}`,
  ]
}

const addressOf = ({ ip, port }: Endpoint) => (ip.includes(':') ? `[${ip}]:${port}` : `${ip}:${port}`)
const chainOf = (port: ServicePort, endpoint: Endpoint) => endpointChain(port.name, port.protocol, addressOf(endpoint))

const comment = (text: string) => `-m comment --comment "${text}"`
