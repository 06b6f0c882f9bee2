// One turn of a StatefulSet as a plan: which pods to make and which to delete now. Pure.
//
//   replicas  web-0 web-1 web-2   in order: each waits until those before it are there and ready
//   condemned             web-3   from the last: each waits until those after it are gone
//   update    web-2 → web-1 → …   from the last down to the partition: deleted here, made anew in the next turn
//
// Upstream: kubernetes/pkg/controller/statefulset/stateful_set_control.go updateStatefulSet.

import type { StatefulSet } from 'kubernetes-types/apps/v1'
import type { Pod } from 'kubernetes-types/core/v1'
import { scaledValue } from '../../apimachinery/int-or-string.ts'
import { availableInMs, isReady, isTerminated } from '../pod-state.ts'
import { REVISION_HASH } from '../revision-history.ts'
import { firstOrdinal, ordinalOf } from './identity.ts'

export interface Plan {
  create: number[]
  /** Ended ones are told apart: somebody should hear of it. */
  recreate: Pod[]
  remove: Pod[]
  /** What is waited for, in words. */
  waitsFor: string
}

const isGoing = ({ metadata }: Pod) => metadata?.deletionTimestamp !== undefined

export function planPods(
  set: StatefulSet,
  pods: readonly Pod[],
  { update, now }: { update: string; now: number },
): Plan {
  const plan: Plan = { create: [], recreate: [], remove: [], waitsFor: '' }
  const isOrdered = set.spec?.podManagementPolicy !== 'Parallel'
  const isAvailable = (pod: Pod | undefined) =>
    pod !== undefined && !isGoing(pod) && availableInMs(pod, set.spec?.minReadySeconds ?? 0, now) === 0
  const byOrdinal = new Map(pods.map((pod) => [ordinalOf(set, pod), pod]))
  const start = firstOrdinal(set)
  const end = start + (set.spec?.replicas ?? 1)
  const replicas = Array.from({ length: end - start }, (_, index) => byOrdinal.get(start + index))
  const condemned = [...byOrdinal]
    .filter(([ordinal]) => ordinal !== undefined && (ordinal < start || ordinal >= end))
    .sort(([a = 0], [b = 0]) => b - a)
    .map(([, pod]) => pod)

  for (const [index, pod] of replicas.entries()) {
    if (pod && isTerminated(pod) && !isGoing(pod)) {
      plan.recreate.push(pod)
      if (isOrdered) return { ...plan, waitsFor: `${pod.metadata?.name} to be made again` }
    } else if (!pod) {
      plan.create.push(start + index)
      if (isOrdered) return plan
    } else if (isOrdered && !isAvailable(pod)) {
      return { ...plan, waitsFor: `${pod.metadata?.name} to be ${isGoing(pod) ? 'gone' : 'ready'}` }
    }
  }
  const unhealthy = replicas.find((pod) => !isAvailable(pod))
  for (const pod of condemned) {
    if (isGoing(pod)) {
      if (isOrdered) return { ...plan, waitsFor: `${pod.metadata?.name} to be gone` }
      continue
    }
    // One that is not well may go; the others only while all that stay are.
    if (isOrdered && !isReady(pod) && unhealthy) return { ...plan, waitsFor: `${unhealthy.metadata?.name} to be ready` }
    plan.remove.push(pod)
    if (isOrdered) return plan
  }
  return { ...plan, remove: [...plan.remove, ...outdated(set, replicas, { update, isAvailable })] }
}

function outdated(
  set: StatefulSet,
  replicas: readonly (Pod | undefined)[],
  { update, isAvailable }: { update: string; isAvailable(pod: Pod | undefined): boolean },
): Pod[] {
  const { type, rollingUpdate } = set.spec?.updateStrategy ?? {}
  if (type === 'OnDelete') return []
  const told = (rollingUpdate ?? {}) as { partition?: number; maxUnavailable?: number | string }
  const total = set.spec?.replicas ?? 1
  const most = Math.max(1, scaledValue(told.maxUnavailable ?? 1, { total, roundUp: true }) ?? 1)
  const lowest = Math.max(0, (told.partition ?? 0) - firstOrdinal(set))
  let unavailable = replicas.filter((pod) => !isAvailable(pod)).length
  const remove: Pod[] = []
  for (let index = replicas.length - 1; index >= lowest; index--) {
    const pod = replicas[index]
    if (pod && pod.metadata?.labels?.[REVISION_HASH] !== update && !isGoing(pod)) {
      const isLost = !isAvailable(pod)
      if (!isLost && unavailable >= most) return remove
      remove.push(pod)
      if (!isLost) unavailable++
    }
    // What comes before waits until what comes after works again.
    if (unavailable >= most) return remove
  }
  return remove
}

export interface Revisions {
  current: string
  update: string
  /** Pods of the current one that are there now. */
  currentReplicas: number
}

/** The revision an ordinal is made of: below the partition the one before, above it the new one. */
export function revisionFor(
  set: StatefulSet,
  ordinal: number,
  { current, update, currentReplicas }: Revisions,
): string {
  const { type, rollingUpdate } = set.spec?.updateStrategy ?? {}
  if (current === update || type !== 'RollingUpdate') return type === 'OnDelete' ? update : current
  const start = firstOrdinal(set)
  const { partition = 0 } = rollingUpdate ?? {}
  const below = partition > 0 ? Math.max(partition, start) : start + currentReplicas
  return ordinal < below ? current : update
}
