// What a pod is called, in the kernel and in its /etc/hosts. Upstream: kubelet_pods.go (nodeHostsFileContent,
// managedHostsFileContent, GeneratePodHostNameAndDomain).

import type { Pod } from 'kubernetes-types/core/v1'
import type { PodSpec as NewerPodSpec } from '../kinds/pod-template/newer-fields.ts'

export function hostsFileOf(pod: Pod, podIPs: readonly string[], clusterDomain: string): string {
  const lines = [
    '# Kubernetes-managed hosts file.',
    '127.0.0.1\tlocalhost',
    '::1\tlocalhost ip6-localhost ip6-loopback',
    'fe00::0\tip6-localnet',
    'fe00::0\tip6-mcastprefix',
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
  const told = overrideOf(pod) || pod.spec?.hostname || pod.metadata?.name || ''
  return told.length > 63 ? told.slice(0, 63).replace(/[-.]+$/, '') : told
}

const overrideOf = ({ spec }: Pod) => (spec as NewerPodSpec | undefined)?.hostnameOverride

/** Only pods with a subdomain have one. */
function fullNameOf(pod: Pod, clusterDomain: string): string | undefined {
  const { subdomain } = pod.spec ?? {}
  if (!subdomain || overrideOf(pod)) return undefined
  return `${shortNameOf(pod)}.${subdomain}.${pod.metadata?.namespace}.svc.${clusterDomain}`
}
