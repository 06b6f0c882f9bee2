// What the downward API can tell a container about its own pod. Upstream: pkg/fieldpath, pkg/api/v1/resource.

import type { Pod } from 'kubernetes-types/core/v1'
import type { ContainerSpec } from './pod-runtime-state.ts'
import { amountOf } from './resource-amount.ts'

export interface PodAddresses {
  podIPs: readonly string[]
  hostIPs: readonly string[]
}

export function fieldOf(pod: Pod, path: string, { podIPs, hostIPs }: PodAddresses): string {
  const meta = pod.metadata ?? {}
  const subscript = /^metadata\.(labels|annotations)\['([^']+)'\]$/.exec(path)
  if (subscript) {
    const values = subscript[1] === 'labels' ? meta.labels : meta.annotations
    return values?.[subscript[2] ?? ''] ?? ''
  }
  switch (path) {
    case 'metadata.name':
      return meta.name ?? ''
    case 'metadata.namespace':
      return meta.namespace ?? ''
    case 'metadata.uid':
      return meta.uid ?? ''
    case 'metadata.labels':
      return formatMap(meta.labels)
    case 'metadata.annotations':
      return formatMap(meta.annotations)
    case 'spec.nodeName':
      return pod.spec?.nodeName ?? ''
    case 'spec.serviceAccountName':
      return pod.spec?.serviceAccountName ?? ''
    case 'status.hostIP':
      return hostIPs[0] ?? ''
    case 'status.hostIPs':
      return hostIPs.join(',')
    case 'status.podIP':
      return podIPs[0] ?? ''
    case 'status.podIPs':
      return podIPs.join(',')
    default:
      throw new Error(`unsupported fieldPath: ${path}`)
  }
}

function formatMap(values: Record<string, string> = {}): string {
  return Object.keys(values)
    .sort()
    .map((key) => `${key}=${JSON.stringify(values[key])}`)
    .join('\n')
}

export interface NodeAmounts {
  cpus: number
  memoryBytes: number
}

export const containerOf = ({ spec }: Pod, name: string): ContainerSpec | undefined =>
  [...(spec?.containers ?? []), ...(spec?.initContainers ?? [])].find((one) => one.name === name)

/** A limit that is not set is what the node can give. */
export function resourceFieldOf(
  container: ContainerSpec,
  ref: { resource: string; divisor?: string },
  node: NodeAmounts,
): string {
  const [list = '', ...rest] = ref.resource.split('.')
  const name = rest.join('.')
  const asked = list === 'limits' ? container.resources?.limits?.[name] : container.resources?.requests?.[name]
  const whole: Record<string, number> = { cpu: node.cpus, memory: node.memoryBytes }
  const fallback = list === 'limits' ? (whole[name] ?? 0) : 0
  const divisor = amountOf(ref.divisor && ref.divisor !== '0' ? ref.divisor : '1') ?? 1
  return String(Math.ceil((amountOf(asked) ?? fallback) / divisor - 1e-9))
}
