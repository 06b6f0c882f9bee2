// Who goes first when a machine is short, and what is told. Upstream: pkg/kubelet/eviction/helpers.go.

import type { Pod } from 'kubernetes-types/core/v1'
import { quantityOf } from '../../apimachinery/quantity.ts'
import type { PodSpec } from '../../kinds/pod-template/newer-fields.ts'
import { type PodUsage, requestedOf, usedOf } from './pod-usage.ts'
import { amountAt, type Observations, SIGNALS, type Starved, type Threshold, written } from './thresholds.ts'

/** First who uses more than was asked for, then by priority, then by how much more. Who was not measured goes first. */
export function rank(pods: readonly Pod[], usageOf: (pod: Pod) => PodUsage | undefined, resource: Starved): Pod[] {
  const judged = pods.map((pod) => {
    const usage = usageOf(pod)
    const above = usage ? usedOf(usage, resource) - requestedOf(pod, resource) : Number.POSITIVE_INFINITY
    return { pod, above, isAbove: resource !== 'pids' && above > 0, priority: pod.spec?.priority ?? 0 }
  })
  judged.sort((a, b) => Number(b.isAbove) - Number(a.isAbove) || a.priority - b.priority || b.above - a.above)
  return judged.map(({ pod }) => pod)
}

/** Even on a machine that is short these stay: the machine does not work without them. */
export function isCritical({ metadata, spec }: Pod): boolean {
  // What comes from the API may say of itself what it likes.
  const isOfApi = metadata?.resourceVersion !== undefined
  const source = (!isOfApi && metadata?.annotations?.['kubernetes.io/config.source']) || 'api'
  return source !== 'api' || (spec?.priority ?? 0) >= SYSTEM_CRITICAL
}

const SYSTEM_CRITICAL = 2_000_000_000

/** In words, and as annotations of its Event for programs that make room, as the vertical pod autoscaler. */
export function whyEvicted(
  pod: Pod,
  usage: PodUsage | undefined,
  { signal, value }: Threshold,
  observations: Observations,
): { message: string; annotations: Record<string, string> } {
  const { resource } = SIGNALS[signal]
  const { available = 0, capacity = 0 } = observations[signal] ?? {}
  const threshold = written(amountAt(value, capacity), resource)
  const parts = [
    `The node was low on resource: ${resource}. `,
    `Threshold quantity: ${threshold}, available: ${written(available, resource)}. `,
  ]
  const whole = (pod.spec as PodSpec | undefined)?.resources?.requests?.[resource]
  const ofPod: Record<string, string> = {}
  if (resource === 'memory' && usage && whole !== undefined) {
    const used = written(usedOf(usage, resource), resource)
    const { name = '' } = pod.metadata ?? {}
    parts.push(
      `Pod ${name} was using ${used}, request is ${quantityOf(whole)}, has larger consumption of ${resource}. `,
    )
    Object.assign(ofPod, { offending_pod: name, offending_pod_usage: used })
  }
  const offending: { name: string; used: string }[] = []
  const specs = [...(pod.spec?.containers ?? []), ...(pod.spec?.initContainers ?? [])]
  for (const { name, memoryBytes, disk } of usage?.containers ?? []) {
    const spec = specs.find((one) => one.name === name)
    if (!spec || (resource !== 'memory' && resource !== 'ephemeral-storage')) continue
    const used = resource === 'memory' ? memoryBytes : disk.bytes
    const request = quantityOf(spec.resources?.requests?.[resource])
    if (used <= request.number) continue
    offending.push({ name, used: written(used, resource) })
    const numbers = `was using ${written(used, resource)}, request is ${request}`
    parts.push(`Container ${name} ${numbers}, has larger consumption of ${resource}. `)
  }
  const annotations = {
    ...ofPod,
    starved_resource: resource,
    offending_containers: offending.map(({ name }) => name).join(),
    offending_containers_usage: offending.map(({ used }) => used).join(),
  }
  return { message: parts.join(''), annotations }
}
