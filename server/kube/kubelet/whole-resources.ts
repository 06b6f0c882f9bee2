// What a pod was granted as a whole, and what it may really use, as its status tells it: of each pod, whether it speaks of
// itself as a whole or of its containers only.
// Upstream: kubelet_pods.go (convertToAPIPodLevelResourcesStatus), component-helpers/resource/helpers.go.

import type { Pod } from 'kubernetes-types/core/v1'
import { Quantity, quantityOf } from '../apimachinery/quantity.ts'
import type { PodSpec } from '../kinds/pod-template/newer-fields.ts'
import { podLimitsOf } from './pod-cgroups.ts'
import { initRole } from './pod-runtime-state.ts'

type List = Record<string, string>
type Which = 'requests' | 'limits'

/** Below them a kernel knows no difference: of a share, and of a limit, in thousandths of a processor. */
const LEAST_REQUEST = 2
const LEAST_LIMIT = 10

export function wholeResourcesOf(pod: Pod): {
  allocatedResources?: List
  resources: { limits?: List; requests?: List }
} {
  const requests = sumOf(pod, 'requests')
  const isRunning = pod.status?.phase === 'Running'
  const told = isRunning ? usedBy(pod, requests) : { limits: sumOf(pod, 'limits'), requests }
  return {
    ...(isEmpty(requests) ? {} : { allocatedResources: requests }),
    resources: {
      ...(isEmpty(told.limits) ? {} : { limits: told.limits }),
      ...(isEmpty(told.requests) ? {} : { requests: told.requests }),
    },
  }
}

/** As its group of processes has it, which is what the pod says of itself, or what its containers come to. */
function usedBy(pod: Pod, asked: List): { limits: List; requests: List } {
  const own = (pod.spec as PodSpec | undefined)?.resources
  const requests: List = { ...own?.requests }
  const limits: List = { ...own?.limits }
  const { cpuShares = 0, cpuQuota = 0, memoryBytes = 0 } = podLimitsOf(pod)
  const share = Math.ceil((cpuShares * 1000) / 1024)
  if (Math.max(share, quantityOf(requests.cpu).milliValue) > LEAST_REQUEST) requests.cpu = processors(share)
  if (requests.memory === undefined && asked.memory !== undefined) requests.memory = asked.memory
  const most = Math.floor(cpuQuota / 100)
  if (most > 0 && Math.max(most, quantityOf(limits.cpu).milliValue) > LEAST_LIMIT) limits.cpu = processors(most)
  if (memoryBytes > 0) limits.memory = `${new Quantity(BigInt(memoryBytes) * 10n ** 9n, 'binary')}`
  return { limits, requests }
}

/** Containers together, or the largest of the init containers with the sidecars that run by then; what the pod says goes before. */
function sumOf({ spec }: Pod, which: Which): List {
  const { containers = [], initContainers = [], overhead, resources } = (spec ?? {}) as Partial<PodSpec>
  const sum = new Map<string, Quantity>()
  const sidecars = new Map<string, Quantity>()
  const peak = new Map<string, Quantity>()
  for (const container of containers) addAll(sum, container.resources?.[which])
  for (const container of initContainers) {
    const beside = new Map(sidecars)
    addAll(beside, container.resources?.[which])
    if (initRole(container) === 'sidecar') {
      addAll(sum, container.resources?.[which])
      addAll(sidecars, container.resources?.[which])
    }
    for (const [name, amount] of beside) raise(peak, name, amount)
  }
  for (const [name, amount] of peak) raise(sum, name, amount)
  for (const [name, text] of Object.entries(resources?.[which] ?? {})) sum.set(name, quantityOf(text))
  for (const [name, text] of Object.entries(overhead ?? {})) {
    if (which === 'requests' || sum.has(name)) addAll(sum, { [name]: text })
  }
  return Object.fromEntries([...sum].map(([name, amount]) => [name, `${amount}`]))
}

function addAll(sum: Map<string, Quantity>, more: List | undefined): void {
  for (const [name, text] of Object.entries(more ?? {})) {
    const before = sum.get(name)
    const added = quantityOf(text)
    sum.set(name, before ? new Quantity(before.nanos + added.nanos, before.form) : added)
  }
}

function raise(most: Map<string, Quantity>, name: string, amount: Quantity): void {
  const before = most.get(name)
  if (!before || amount.compare(before) > 0) most.set(name, amount)
}

const processors = (thousandths: number) => `${new Quantity(BigInt(thousandths) * 10n ** 6n, 'decimal')}`

const isEmpty = (list: List) => Object.keys(list).length === 0
