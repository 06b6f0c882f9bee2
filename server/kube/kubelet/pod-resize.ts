// Resizing in place: of what a pod wishes, what this node grants; and what its containers are told to use while they run.
// What was granted is kept where everybody sees it, in the pod's status, so that a kubelet that starts anew goes on from
// there. Upstream: pkg/kubelet/allocation/allocation_manager.go, pkg/kubelet/kuberuntime (computePodResizeAction).

import type { Container, Pod, PodStatus, ContainerStatus as ToldStatus } from 'kubernetes-types/core/v1'
import { Quantity } from '../apimachinery/quantity.ts'
import type { ContainerResources, ContainerStatus, ContainerUsage } from '../container-runtime/container-runtime.ts'
import { shortages, shortOf } from './admission.ts'
import { cgroupOf } from './container-config.ts'
import { amountOf } from './resource-amount.ts'

export interface Pending {
  reason: 'Deferred' | 'Infeasible'
  message: string
}

export interface Granted {
  pod: Pod
  pending?: Pending
  /** It gets something else than it had. */
  isGranted: boolean
}

type Told = ToldStatus & { resources?: Container['resources'] }

/** The pod as it has been granted: where a wish was not, with what its status says. */
export function asGranted(pod: Pod, status: PodStatus | undefined = pod.status): Pod {
  const { spec } = pod
  if (!spec) return pod
  const granted = (list: Container[] | undefined, told: Told[] | undefined) =>
    list?.map((container) => {
      const one = told?.find(({ name }) => name === container.name)
      if (!one?.allocatedResources || isSame(container, one)) return container
      const limits = one.resources?.limits
      return { ...container, resources: { ...container.resources, requests: one.allocatedResources, limits } }
    })
  const containers = granted(spec.containers, status?.containerStatuses)
  const initContainers = granted(spec.initContainers, status?.initContainerStatuses)
  return {
    ...pod,
    spec: { ...spec, ...(containers ? { containers } : {}), ...(initContainers ? { initContainers } : {}) },
  } as Pod
}

function isSame({ resources }: Container, { allocatedResources, resources: told }: Told): boolean {
  return ['cpu', 'memory'].every(
    (name) =>
      amountOf(resources?.requests?.[name]) === amountOf(allocatedResources?.[name]) &&
      amountOf(resources?.limits?.[name]) === amountOf(told?.limits?.[name]),
  )
}

/** What a pod gets of what it wishes, beside the others on this node. */
export function grant(
  pod: Pod,
  status: PodStatus | undefined,
  others: readonly Pod[],
  allocatable: Record<string, string>,
): Granted {
  const before = asGranted(pod, status)
  const wishes = (one: Pod) =>
    JSON.stringify([...(one.spec?.containers ?? []), ...(one.spec?.initContainers ?? [])].map((c) => c.resources))
  if (wishes(before) === wishes(pod)) return { pod, isGranted: false }
  const [tooMuch] = shortages(pod, [], allocatable)
  if (tooMuch) {
    const { resource, requested, capacity } = tooMuch
    const message = `Node didn't have enough capacity: ${resource}, requested: ${requested}, capacity: ${capacity}`
    return { pod: before, isGranted: false, pending: { reason: 'Infeasible', message } }
  }
  const [short] = shortages(pod, others, allocatable)
  if (!short) return { pod, isGranted: true }
  return { pod: before, isGranted: false, pending: { reason: 'Deferred', message: shortOf(short).message } }
}

/** What has to be done so that a running container may use what it was granted. */
export function resizeOf(container: Container, status: ContainerStatus): 'none' | 'inPlace' | 'restart' {
  if (status.state !== 'running' || !status.resources) return 'none'
  const wanted = cgroupOf(container)
  const differs = (...fields: (keyof ContainerResources)[]) =>
    fields.some((field) => (wanted[field] ?? 0) !== (status.resources?.[field] ?? 0))
  const cpu = differs('cpuShares', 'cpuQuota')
  const memory = differs('memoryLimitBytes')
  if (!cpu && !memory) return 'none'
  const restarts = (name: string) =>
    container.resizePolicy?.some((one) => one.resourceName === name && one.restartPolicy === 'RestartContainer')
  return (cpu && restarts('cpu')) || (memory && restarts('memory')) ? 'restart' : 'inPlace'
}

interface Resize {
  status: ContainerStatus
  container: Container
}

export const mayUseLessMemory = ({ status, container }: Resize): boolean =>
  (cgroupOf(container).memoryLimitBytes || Infinity) < (status.resources?.memoryLimitBytes || Infinity)

/**
 * Why memory cannot be taken from containers: a kernel refuses a limit below what is used, or ends who uses it, by its version
 * of groups.
 */
export function refusedByUsage(resizes: readonly Resize[], usages: readonly ContainerUsage[]): string | undefined {
  const words = resizes.filter(mayUseLessMemory).flatMap(({ status, container }) => {
    const limit = cgroupOf(container).memoryLimitBytes ?? 0
    const used = usages.find(({ containerId }) => containerId === status.id)?.memoryUsageBytes ?? 0
    if (used <= limit) return []
    return [`attempting to set container "${container.name}" memory limit (${limit}) below current usage (${used})`]
  })
  if (words.length === 0) return undefined
  return `cannot decrease memory limits: ${words.length === 1 ? words[0] : `[${words.join(', ')}]`}`
}

/** What a container really may use now, in the words of its spec. */
export function usedResources(container: Container, status: ContainerStatus | undefined): Container['resources'] {
  const { resources = {} } = container
  const { limits, requests } = resources
  if (!status || resizeOf(container, status) === 'none') {
    return { ...(limits ? { limits } : {}), ...(requests ? { requests } : {}) }
  }
  const { cpuShares = 0, cpuQuota, cpuPeriod = 100_000, memoryLimitBytes } = status.resources ?? {}
  const used = {
    ...(cpuQuota ? { cpu: cpus(Math.round((cpuQuota * 1000) / cpuPeriod)) } : {}),
    ...(memoryLimitBytes ? { memory: `${new Quantity(BigInt(memoryLimitBytes) * 10n ** 9n, 'binary')}` } : {}),
  }
  return {
    limits: used,
    requests: { ...requests, ...(requests?.cpu ? { cpu: cpus(Math.ceil((cpuShares * 1000) / 1024)) } : {}) },
  }
}

const cpus = (thousandths: number) => `${new Quantity(BigInt(thousandths) * 10n ** 6n, 'decimal')}`
