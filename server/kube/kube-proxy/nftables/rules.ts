// The rules that make Services work, as chains, sets and maps of nftables' table `kube-proxy`. Pure.
//
//   services ─ map service-ips ─────► service-… ─► DNAT to an endpoint by lot, read from a map in the rule itself
//       └─ map service-nodeports ──► external-… ─► (masquerade) service-…, or local-… (local endpoints only)
//   map no-endpoint-services, no-endpoint-nodeports: reject or drop · map firewall-ips ─► firewall-…: who may call
//
// However many Services there are, a packet is looked up, and not compared with one rule after another.
// Upstream: pkg/proxy/nftables/proxier.go.

import { holdsAddress } from '../../apimachinery/ip-rules.ts'
import type { Endpoint } from '../choose-endpoints.ts'
import { type Family, isExternal, type ServicePort } from '../service-ports.ts'
import { sha256Base32 } from '../sha256-base32.ts'

export interface NftGround {
  family: Family
  /** Callers in it are pods. */
  clusterCidr: string
  /** Addresses of Services are in it; nobody else's are. */
  serviceCidr: string
  nodeIP: string
}

/** What one port of a Service asks for. */
export interface PortRules {
  /** Chain → its rules. */
  chains: Map<string, readonly string[]>
  /** Set of clients that are remembered → how it is declared. */
  sets: Map<string, string>
  /** Set or map → key → the whole element. */
  elements: Map<string, Map<string, string>>
}

export const MARK = 'meta mark set mark or 0x4000'
const AFFINITY = 'affinity-'

/** Those that belong to Services have a slash in their names, no other has. */
export const isServiceChain = (name: string) => name.includes('/')
export const isAffinitySet = (name: string) => name.startsWith(AFFINITY)

export function rulesOf(port: ServicePort, ground: NftGround): PortRules {
  const { name, protocol, clusterIP, cluster, local, hasEndpoints } = port
  const base = hashed(`${port.namespace}/${port.service}/${protocol}/${port.portName}`)
  const ip = ground.family === 'IPv6' ? 'ip6' : 'ip'
  const internal = port.internalLocal
    ? { chain: `local-${base}`, endpoints: local }
    : { chain: `service-${base}`, endpoints: cluster }
  const external = port.externalLocal
    ? { chain: `local-${base}`, endpoints: local }
    : { chain: `service-${base}`, endpoints: cluster }
  const rules: PortRules = { chains: new Map(), sets: new Map(), elements: new Map() }
  const put = (set: string, key: string, rest = '') => {
    const elements = rules.elements.get(set) ?? new Map<string, string>()
    rules.elements.set(set, elements.set(key, `${key}${rest}`))
  }
  const at = (address: string) => `${address} . ${protocol} . ${port.port}`
  const told = ` comment "${name}"`
  const verdict = hasEndpoints ? 'drop' : 'goto reject-chain'
  const refuse = external.endpoints.length === 0

  put('cluster-ips', clusterIP)
  if (internal.endpoints.length > 0) put('service-ips', at(clusterIP), ` : goto ${internal.chain}`)
  else put('no-endpoint-services', at(clusterIP), `${told} : ${verdict}`)
  for (const address of [...port.externalIPs, ...port.loadBalancerIPs]) {
    if (hasEndpoints) put('service-ips', at(address), ` : goto external-${base}`)
    if (refuse) put('no-endpoint-services', at(address), `${told} : ${verdict}`)
  }
  if (port.nodePort > 0) {
    const key = `${protocol} . ${port.nodePort}`
    if (hasEndpoints) put('service-nodeports', key, ` : goto external-${base}`)
    if (refuse) put('no-endpoint-nodeports', key, `${told} : ${verdict}`)
  }
  if (port.loadBalancerIPs.length > 0 && port.loadBalancerSourceRanges.length > 0) {
    rules.chains.set(`firewall-${base}`, [`${ip} saddr != { ${callersTaken(port, ground.nodeIP).join(', ')} } drop`])
    for (const address of port.loadBalancerIPs) put('firewall-ips', at(address), `${told} : goto firewall-${base}`)
  }
  if (cluster.length > 0) addBalance(rules, port, { ip, chain: `service-${base}`, endpoints: cluster })
  if (local.length > 0) addBalance(rules, port, { ip, chain: `local-${base}`, endpoints: local })
  if (hasEndpoints && isExternal(port)) {
    const toCluster = `goto service-${base}`
    const coming = port.externalLocal
      ? [
          `${ip} saddr ${ground.clusterCidr} ${toCluster} comment "short-circuit pod traffic"`,
          `fib saddr type local ${MARK} comment "masquerade local traffic"`,
          `fib saddr type local ${toCluster} comment "short-circuit local traffic"`,
        ]
      : [MARK]
    rules.chains.set(`external-${base}`, [...coming, ...(refuse ? [] : [`goto ${external.chain}`])])
  }
  for (const endpoint of [...cluster, ...local]) {
    // A pod that reaches itself through its service must see an address that it answers to.
    if (endpoint.isLocal) put('hairpin-connections', `${endpoint.ip} . ${endpoint.ip} . ${protocol} . ${endpoint.port}`)
  }
  return rules
}

function callersTaken({ loadBalancerSourceRanges: ranges, loadBalancerIPs }: ServicePort, nodeIP: string): string[] {
  // A node that has the load balancer's address as its own calls from that address.
  return [...ranges, ...(ranges.some((range) => holdsAddress(range, nodeIP)) ? loadBalancerIPs : [])]
}

function addBalance(
  rules: PortRules,
  port: ServicePort,
  { ip, chain, endpoints }: { ip: string; chain: string; endpoints: readonly Endpoint[] },
): void {
  const lot = `numgen random mod ${endpoints.length}`
  if (port.affinitySeconds === 0) {
    const choices = endpoints.map((endpoint, index) => `${index} : ${endpoint.ip} . ${endpoint.port}`)
    rules.chains.set(chain, [`meta l4proto ${port.protocol} dnat ${ip} to ${lot} map { ${choices.join(' , ')} }`])
    return
  }
  const bases = endpoints.map((endpoint) => {
    const base = endpointBase(port, endpoint)
    const type = ip === 'ip6' ? 'ipv6_addr' : 'ipv4_addr'
    rules.sets.set(AFFINITY + base, `{ type ${type} ; flags dynamic,timeout ; timeout ${port.affinitySeconds}s ; }`)
    const address = ip === 'ip6' ? `[${endpoint.ip}]` : endpoint.ip
    rules.chains.set(`endpoint-${base}`, [
      `update @${AFFINITY}${base} { ${ip} saddr }`,
      `meta l4proto ${port.protocol} dnat to ${address}:${endpoint.port}`,
    ])
    return base
  })
  rules.chains.set(chain, [
    ...bases.map((base) => `${ip} saddr @${AFFINITY}${base} goto endpoint-${base}`),
    `${lot} vmap { ${bases.map((base, index) => `${index} : goto endpoint-${base}`).join(' , ')} }`,
  ])
}

function endpointBase({ namespace, service, protocol, portName }: ServicePort, { ip, port }: Endpoint): string {
  return hashed(`${namespace}/${service}/${protocol}/${portName}__${ip.replaceAll(':', '.')}/${port}`)
}

/** Chains' names have up to 256 characters, and no colons. */
const hashed = (name: string) => `${sha256Base32(name, 8)}-${name}`.slice(0, 240)
