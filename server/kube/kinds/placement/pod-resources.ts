// How much a pod asks for: the sum of its containers, or its largest init container if that is more, plus overhead.
// CPU in thousandths, everything else in whole units. Upstream: component-helpers/resource/helpers.go.

import type { Container, ContainerStatus, Pod } from 'kubernetes-types/core/v1'
import { quantityOf } from '../../apimachinery/quantity.ts'
import type { PodSpec } from '../pod-template/newer-fields.ts'

export type Resources = Map<string, number>

/** What a container that asks for nothing is scored as, so that such pods do not all land on one node. */
const ASSUMED_CPU = 100
const ASSUMED_MEMORY = 200 * 1024 * 1024

export interface PodResources {
  requests: Resources
  /** With the assumed amounts for those who ask for nothing; only cpu and memory. */
  nonZeroCpu: number
  nonZeroMemory: number
}

export function podResources(pod: Pod): PodResources {
  const spec = pod.spec as PodSpec | undefined
  const { containers = [], initContainers = [], overhead } = spec ?? {}
  const extra = amountsOf(overhead)
  const whole = amountsOf(spec?.resources?.requests)
  const assumed = total(containers, initContainers, (container) => {
    const amounts = askedBy(pod, container)
    return new Map([
      ['cpu', amounts.get('cpu') ?? ASSUMED_CPU],
      ['memory', amounts.get('memory') ?? ASSUMED_MEMORY],
    ])
  })
  const nonZero = (name: string) => (whole.get(name) ?? assumed.get(name) ?? 0) + (extra.get(name) ?? 0)
  return { requests: requestsOf(pod), nonZeroCpu: nonZero('cpu'), nonZeroMemory: nonZero('memory') }
}

function requestsOf(pod: Pod): Resources {
  const spec = pod.spec as PodSpec | undefined
  const requests = total(spec?.containers ?? [], spec?.initContainers ?? [], (container) => askedBy(pod, container))
  // What is told of the pod as a whole counts in place of the sum; other resources are not told so.
  for (const [name, amount] of amountsOf(spec?.resources?.requests)) requests.set(name, amount)
  for (const [name, amount] of amountsOf(spec?.overhead)) add(requests, name, amount)
  return requests
}

/**
 * While a container is resized, the most of what it wishes for, has been granted and has; a wish that can never be granted
 * does not count.
 */
function askedBy({ status }: Pod, { name, resources }: Container): Resources {
  const wished = amountsOf(resources?.requests)
  const all = [...(status?.containerStatuses ?? []), ...(status?.initContainerStatuses ?? [])]
  const told = all.find((one) => one.name === name) as ContainerStatus | undefined
  if (!told?.resources) return wished
  const pending = status?.conditions?.find(({ type }) => type === 'PodResizePending')
  const amounts: Resources = pending?.reason === 'Infeasible' ? new Map() : wished
  for (const more of [told.resources.requests, told.allocatedResources]) {
    for (const [resource, amount] of amountsOf(more))
      amounts.set(resource, Math.max(amounts.get(resource) ?? 0, amount))
  }
  return amounts
}

/** Whether the pod asks for less of anything than it did. */
export function asksForLess(pod: Pod, before: Pod): boolean {
  const had = requestsOf(before)
  // Looked at with each word of a kubelet, and many pods ask for nothing.
  if (had.size === 0) return false
  const now = requestsOf(pod)
  return [...had].some(([name, amount]) => (now.get(name) ?? 0) < amount)
}

/** Of a sort of its own, not of every node's: extended resources, huge pages. */
export const isScalar = (name: string): boolean => name.includes('/') || name.startsWith('hugepages-')

export function amountsOf(list: Record<string, string | number> | undefined): Resources {
  const amounts: Resources = new Map()
  if (!list) return amounts
  for (const [name, quantity] of Object.entries(list)) {
    const parsed = quantityOf(quantity)
    amounts.set(name, name === 'cpu' ? parsed.milliValue : parsed.value)
  }
  return amounts
}

export function add(amounts: Resources, name: string, amount: number): void {
  amounts.set(name, (amounts.get(name) ?? 0) + amount)
}

function total(
  containers: readonly Container[],
  initContainers: readonly Container[],
  of: (container: Container) => Resources,
): Resources {
  const sum: Resources = new Map()
  for (const container of containers) for (const [name, amount] of of(container)) add(sum, name, amount)
  if (initContainers.length === 0) return sum
  // Init containers run one after the other, so the largest counts; sidecars among them stay and are added up.
  const sidecars: Resources = new Map()
  const peak: Resources = new Map()
  for (const container of initContainers) {
    const own = of(container)
    if (container.restartPolicy === 'Always') {
      for (const [name, amount] of own) {
        add(sidecars, name, amount)
        add(sum, name, amount)
      }
      for (const [name, amount] of sidecars) peak.set(name, Math.max(peak.get(name) ?? 0, amount))
    } else {
      for (const [name, amount] of own) {
        peak.set(name, Math.max(peak.get(name) ?? 0, amount + (sidecars.get(name) ?? 0)))
      }
    }
  }
  for (const [name, amount] of peak) sum.set(name, Math.max(sum.get(name) ?? 0, amount))
  return sum
}
