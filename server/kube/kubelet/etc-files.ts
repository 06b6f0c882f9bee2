// What the kubelet writes for a pod's /etc: hosts and resolv.conf. Upstream: kubelet_pods.go (nodeHostsFileContent,
// managedHostsFileContent), pkg/kubelet/network/dns.

import type { Pod } from 'kubernetes-types/core/v1'
import type { PodSpec as NewerPodSpec } from '../kinds/pod-template/newer-fields.ts'

export interface DnsSettings {
  clusterDNS: string[]
  clusterDomain: string
  /** The node's own resolv.conf, for pods with dnsPolicy Default. */
  nodeResolvConf: string
}

export function hostsFileOf(pod: Pod, podIPs: readonly string[], clusterDomain: string): string {
  const lines = [
    '# Kubernetes-managed hosts file.',
    '127.0.0.1\tlocalhost',
    '::1\tlocalhost ip6-localhost ip6-loopback',
    'fe00::\tip6-localnet',
    'fe00::\tip6-mcastprefix',
    'fe00::1\tip6-allnodes',
    'fe00::2\tip6-allrouters',
  ]
  const short = shortNameOf(pod)
  const full = fullNameOf(pod, clusterDomain)
  for (const ip of podIPs) lines.push(`${ip}\t${full ? `${full}\t${short}` : short}`)
  return `${[...lines, ...aliasesOf(pod)].join('\n')}\n`
}

/** Of a pod in the machine's own network: the machine's file, and the pod's aliases. */
export function hostsFileOfMachine(pod: Pod, machines: string): string {
  const lines = ['# Kubernetes-managed hosts file (host network).', machines.trimEnd(), ...aliasesOf(pod)]
  return `${lines.join('\n')}\n`
}

function aliasesOf({ spec }: Pod): string[] {
  const aliases = spec?.hostAliases ?? []
  if (aliases.length === 0) return []
  const lines = aliases.map(({ ip, hostnames = [] }) => `${ip}\t${hostnames.join('\t')}`)
  return ['', '# Entries added by HostAliases.', ...lines]
}

/** What the kernel of the pod's own UTS namespace is told. Throws where the full name is asked for and too long. */
export function hostnameOf(pod: Pod, clusterDomain: string): string {
  const full = pod.spec?.setHostnameAsFQDN ? fullNameOf(pod, clusterDomain) : undefined
  if (full === undefined) return shortNameOf(pod)
  if (full.length <= MAX_HOSTNAME) return full
  throw new Error(
    `Failed to construct FQDN from Pod hostname and cluster domain, FQDN ${full} is too long (${MAX_HOSTNAME} is the max, ${full.length} characters requested).`,
  )
}

/** Linux's: one more than a DNS label. */
const MAX_HOSTNAME = 64

/** At most 63 characters, and not ending in a dash, as the kernel and DNS want it. */
function shortNameOf(pod: Pod): string {
  const told = overrideOf(pod)
  return told || (pod.spec?.hostname || pod.metadata?.name || '').slice(0, 63).replace(/[-.]+$/, '')
}

const overrideOf = ({ spec }: Pod) => (spec as NewerPodSpec | undefined)?.hostnameOverride

/** Only pods with a subdomain have one. */
function fullNameOf(pod: Pod, clusterDomain: string): string | undefined {
  const { subdomain } = pod.spec ?? {}
  if (!subdomain || overrideOf(pod)) return undefined
  return `${shortNameOf(pod)}.${subdomain}.${pod.metadata?.namespace}.svc.${clusterDomain}`
}

export function resolvConfOf(pod: Pod, { clusterDNS, clusterDomain, nodeResolvConf }: DnsSettings): string {
  const policy = pod.spec?.dnsPolicy ?? 'ClusterFirst'
  const own = parseResolvConf(nodeResolvConf)
  const clusterFirst = policy === 'ClusterFirstWithHostNet' || (policy === 'ClusterFirst' && !pod.spec?.hostNetwork)
  const namespace = pod.metadata?.namespace ?? ''
  const base =
    policy === 'None'
      ? { servers: [], searches: [], options: [] }
      : clusterFirst
        ? {
            servers: clusterDNS,
            searches: [`${namespace}.svc.${clusterDomain}`, `svc.${clusterDomain}`, clusterDomain, ...own.searches],
            options: ['ndots:5'],
          }
        : own
  const extra = pod.spec?.dnsConfig
  const servers = unique([...base.servers, ...(extra?.nameservers ?? [])])
  const searches = unique([...base.searches, ...(extra?.searches ?? [])])
  const options = mergeOptions(
    base.options,
    (extra?.options ?? []).map(({ name, value }) => (value === undefined ? (name ?? '') : `${name}:${value}`)),
  )
  const lines = [
    ...(searches.length > 0 ? [`search ${searches.join(' ')}`] : []),
    ...servers.map((server) => `nameserver ${server}`),
    ...(options.length > 0 ? [`options ${options.join(' ')}`] : []),
  ]
  return `${lines.join('\n')}\n`
}

function parseResolvConf(text: string) {
  const servers: string[] = []
  let searches: string[] = []
  let options: string[] = []
  for (const line of text.split('\n')) {
    const [word, ...rest] = line.trim().split(/\s+/)
    if (word === 'nameserver' && rest[0]) servers.push(rest[0])
    if (word === 'search') searches = rest
    if (word === 'options') options = rest
  }
  return { servers, searches, options }
}

const unique = (values: string[]) => [...new Set(values)]

/** A later option replaces an earlier one of the same name. */
function mergeOptions(base: string[], extra: string[]): string[] {
  const byName = new Map<string, string>()
  for (const option of [...base, ...extra]) byName.set(option.split(':')[0] ?? '', option)
  return [...byName.values()]
}
