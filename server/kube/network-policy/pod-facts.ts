// What policies have to know of a pod, and nothing that heartbeats change.

import { isIP } from 'node:net'
import type { Pod } from 'kubernetes-types/core/v1'
import type { Labels } from '../apimachinery/label-selector.ts'

export interface PodFacts {
  namespace: string
  name: string
  labels: Labels
  node: string
  addresses: readonly string[]
  /** By which policies may call them. */
  ports: readonly NamedPort[]
  /** Something that is reached at these ports alone, for its address is not its own. */
  isPartOfHost?: boolean
}

export interface NamedPort {
  name: string
  protocol: string
  port: number
}

/**
 * Undefined for whom no policy is about: pods in the host's network are the node, and what has ended has given its
 * address back, perhaps to another.
 */
export function factsOf({ metadata, spec, status }: Pod): PodFacts | undefined {
  if (!spec?.nodeName || spec.hostNetwork) return undefined
  if (status?.phase === 'Succeeded' || status?.phase === 'Failed') return undefined
  const sidecars = (spec.initContainers ?? []).filter(({ restartPolicy }) => restartPolicy === 'Always')
  // Anybody who may write a status may write anything there; one word that is no address and the kernel refuses all.
  const told = [...(status?.podIPs ?? []).map(({ ip }) => ip), status?.podIP]
  const addresses = told.filter((ip) => ip !== undefined && isIP(ip) > 0) as string[]
  return {
    namespace: metadata?.namespace ?? '',
    name: metadata?.name ?? '',
    labels: metadata?.labels ?? {},
    node: spec.nodeName,
    addresses: [...new Set(addresses)],
    ports: [...spec.containers, ...sidecars].flatMap(({ ports = [] }) =>
      ports.flatMap(({ name, protocol = 'TCP', containerPort: port }) => (name ? [{ name, protocol, port }] : [])),
    ),
  }
}

/** Pods that reach the cluster's names by `k8s-app: kube-dns` mean this, where what answers is not a pod. */
export const dnsAt = (address: string): PodFacts => ({
  namespace: 'kube-system',
  name: 'kube-dns',
  labels: { 'k8s-app': 'kube-dns' },
  node: '',
  addresses: [address],
  ports: [
    { name: 'dns', protocol: 'UDP', port: 53 },
    { name: 'dns-tcp', protocol: 'TCP', port: 53 },
  ],
  isPartOfHost: true,
})
