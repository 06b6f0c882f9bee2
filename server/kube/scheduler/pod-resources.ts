// How much a pod asks for: the sum of its containers, or its largest init container if that is more, plus overhead.
// CPU in thousandths, everything else in whole units. Upstream: component-helpers/resource/helpers.go.

import type { Container, Pod } from 'kubernetes-types/core/v1'
import { quantityOf } from '../apimachinery/quantity.ts'

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
  const { containers = [], initContainers = [], overhead } = pod.spec ?? {}
  const extra = amountsOf(overhead)
  const requests = total(containers, initContainers, (container) => amountsOf(container.resources?.requests))
  const assumed = total(containers, initContainers, (container) => {
    const asked = amountsOf(container.resources?.requests)
    return new Map([
      ['cpu', asked.get('cpu') ?? ASSUMED_CPU],
      ['memory', asked.get('memory') ?? ASSUMED_MEMORY],
    ])
  })
  for (const [name, amount] of extra) add(requests, name, amount)
  return {
    requests,
    nonZeroCpu: (assumed.get('cpu') ?? 0) + (extra.get('cpu') ?? 0),
    nonZeroMemory: (assumed.get('memory') ?? 0) + (extra.get('memory') ?? 0),
  }
}

export function amountsOf(list: Record<string, string | number> | undefined): Resources {
  const amounts: Resources = new Map()
  for (const [name, quantity] of Object.entries(list ?? {})) {
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
