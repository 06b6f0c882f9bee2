// Whom a pod's programs ask for names: its /etc/resolv.conf, within what resolvers of old can read.
// Upstream: pkg/kubelet/network/dns/dns.go.

import type { Pod } from 'kubernetes-types/core/v1'
import { formatPod } from './pod-runtime-state.ts'

export interface DnsSettings {
  clusterDNS: string[]
  clusterDomain: string
  /** The node's own resolv.conf, for pods with dnsPolicy Default. */
  nodeResolvConf: string
}

export interface ResolvConf {
  text: string
  /** What was asked for and is not in it, for Events. */
  warnings: { reason: 'DNSConfigForming' | 'MissingClusterDNS'; message: string }[]
}

interface Dns {
  servers: string[]
  searches: string[]
  options: string[]
}

const MOST_SERVERS = 3
const MOST_SEARCHES = 32
const MOST_SEARCH_CHARACTERS = 2048
const LONGEST_SEARCH = 253

/** Also told of the node. */
export const NO_CLUSTER_DNS =
  'kubelet does not have ClusterDNS IP configured and cannot create Pod using "ClusterFirst" policy. Falling back to "Default" policy.'

export function resolvConfOf(pod: Pod, settings: DnsSettings): ResolvConf {
  const warnings: ResolvConf['warnings'] = []
  const base = baseOf(pod, settings, warnings)
  const extra = pod.spec?.dnsConfig
  const servers = withinServers(unique([...base.servers, ...(extra?.nameservers ?? [])]), warnings)
  const searches = withinSearches(unique([...base.searches, ...(extra?.searches ?? [])]), warnings)
  const options = mergeOptions([
    ...base.options,
    ...(extra?.options ?? []).map(({ name = '', value }) => (value ? `${name}:${value}` : name)),
  ])
  const lines = [
    ...(searches.length > 0 ? [`search ${searches.join(' ')}`] : []),
    ...servers.map((server) => `nameserver ${server}`),
    ...(options.length > 0 ? [`options ${options.join(' ')}`] : []),
  ]
  return { text: `${lines.join('\n')}\n`, warnings }
}

function baseOf(
  pod: Pod,
  { clusterDNS, clusterDomain, nodeResolvConf }: DnsSettings,
  warnings: ResolvConf['warnings'],
): Dns {
  const policy = pod.spec?.dnsPolicy ?? 'ClusterFirst'
  if (policy === 'None') return { servers: [], searches: [], options: [] }
  const own = parseResolvConf(nodeResolvConf)
  const clusterFirst = policy === 'ClusterFirstWithHostNet' || (policy === 'ClusterFirst' && !pod.spec?.hostNetwork)
  if (!clusterFirst) return own
  if (clusterDNS.length === 0) {
    warnings.push({ reason: 'MissingClusterDNS', message: `pod: "${formatPod(pod)}". ${NO_CLUSTER_DNS}` })
    return own
  }
  const clusters = [`${pod.metadata?.namespace}.svc.${clusterDomain}`, `svc.${clusterDomain}`, clusterDomain]
  return {
    servers: clusterDNS,
    searches: [...(clusterDomain ? clusters : []), ...own.searches],
    options: ['ndots:5'],
  }
}

function parseResolvConf(text: string): Dns {
  const servers: string[] = []
  let searches: string[] = []
  let options: string[] = []
  for (const line of text.split('\n')) {
    const [word, ...rest] = line.trim().split(/\s+/)
    if (word === 'nameserver' && rest[0]) servers.push(rest[0])
    // With and without a dot at the end it is one domain; the root is none.
    if (word === 'search') searches = rest.filter((one) => one !== '.').map((one) => one.replace(/\.$/, ''))
    if (word === 'options') options = mergeOptions([...options, ...rest])
  }
  return { servers, searches, options }
}

function withinServers(servers: string[], warnings: ResolvConf['warnings']): string[] {
  if (servers.length <= MOST_SERVERS) return servers
  const kept = servers.slice(0, MOST_SERVERS)
  const what = 'Nameserver limits were exceeded, some nameservers have been omitted, the applied nameserver line is: '
  warnings.push({ reason: 'DNSConfigForming', message: `${what}${kept.join(' ')}` })
  return kept
}

function withinSearches(searches: string[], warnings: ResolvConf['warnings']): string[] {
  const kept = searches.slice(0, MOST_SEARCHES).filter((one) => one.length <= LONGEST_SEARCH)
  while (kept.join(' ').length > MOST_SEARCH_CHARACTERS) kept.pop()
  if (kept.length === searches.length) return searches
  const what = 'Search Line limits were exceeded, some search paths have been omitted, the applied search line is: '
  warnings.push({ reason: 'DNSConfigForming', message: `${what}${kept.join(' ')}` })
  return kept
}

const unique = (values: string[]) => [...new Set(values)]

/** A later option replaces an earlier one of the same name. */
function mergeOptions(options: readonly string[]): string[] {
  const byName = new Map<string, string>()
  for (const option of options) byName.set(option.split(':')[0] ?? '', option)
  return [...byName.values()]
}
