// The questions about pods that several loops ask. Upstream: kubernetes/pkg/api/v1/pod/util.go, controller_utils.go.

import type { ContainerStatus, Pod, PodCondition } from 'kubernetes-types/core/v1'
import { conditionOf } from './conditions.ts'

export function podCondition(pod: Pod, type: string): PodCondition | undefined {
  return conditionOf(pod.status?.conditions, type)
}

export const isTerminated = (pod: Pod) => pod.status?.phase === 'Succeeded' || pod.status?.phase === 'Failed'

export const isRunning = (pod: Pod) => pod.status?.phase === 'Running'

/** Counts towards replicas: neither finished nor on its way out. */
export const isActive = (pod: Pod) => !isTerminated(pod) && !pod.metadata?.deletionTimestamp

export const isReady = (pod: Pod) => podCondition(pod, 'Ready')?.status === 'True'

/** Of init containers that go on beside the others, and end after them. */
export function sidecarStatuses({ spec, status }: Pod): ContainerStatus[] {
  const inits = spec?.initContainers ?? []
  const names = new Set(inits.filter((one) => one.restartPolicy === 'Always').map(({ name }) => name))
  return (status?.initContainerStatuses ?? []).filter(({ name }) => names.has(name))
}

/** Milliseconds until the pod will have been ready for long enough: 0 when it is available, Infinity when not ready. */
export function availableInMs(pod: Pod, minReadySeconds: number, now: number): number {
  const ready = podCondition(pod, 'Ready')
  if (ready?.status !== 'True') return Number.POSITIVE_INFINITY
  if (minReadySeconds === 0) return 0
  if (!ready.lastTransitionTime) return Number.POSITIVE_INFINITY
  return Math.max(0, Date.parse(ready.lastTransitionTime) + minReadySeconds * 1000 - now)
}
