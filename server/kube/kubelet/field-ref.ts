// What the downward API can tell a container about its own pod. Upstream: pkg/fieldpath, pkg/api/v1/resource,
// pkg/kubelet/kubelet_resources.go.

import type { Pod } from 'kubernetes-types/core/v1'
import type { PodSpec } from '../kinds/pod-template/newer-fields.ts'
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
  memoryBytes: number
  /** What it has for pods, as its status says. */
  allocatable: Readonly<Record<string, string>>
}

export const containerOf = ({ spec }: Pod, name: string): ContainerSpec | undefined =>
  [...(spec?.containers ?? []), ...(spec?.initContainers ?? [])].find((one) => one.name === name)

/** A limit that is not set is the pod's own, or what the node has for pods. */
export function resourceFieldOf(
  container: ContainerSpec,
  ref: { resource: string; divisor?: string },
  { pod, node }: { pod: Pod; node: NodeAmounts },
): string {
  const [list = '', ...rest] = ref.resource.split('.')
  const name = rest.join('.')
  const divisor = amountOf(ref.divisor && ref.divisor !== '0' ? ref.divisor : '1') ?? 1
  const asked = amountOf(
    list === 'limits' ? container.resources?.limits?.[name] : container.resources?.requests?.[name],
  )
  const amount = list === 'limits' && OVERCOMMITTED.has(name) ? asked || limitOfPod(pod, name, node) : asked
  return String(Math.ceil((amount ?? 0) / divisor - 1e-9))
}

/** Huge pages are never: of them a container without a limit has none. */
const OVERCOMMITTED = new Set(['cpu', 'memory', 'ephemeral-storage'])

const limitOfPod = ({ spec }: Pod, name: string, { allocatable }: NodeAmounts) =>
  (name === 'ephemeral-storage' ? undefined : amountOf((spec as PodSpec | undefined)?.resources?.limits?.[name])) ||
  amountOf(allocatable[name])
