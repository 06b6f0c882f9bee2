// One turn of a StatefulSet as a plan: which pods to make and which to delete now. Pure.
//
//   replicas  web-0 web-1 web-2   in order: each waits until those before it are there and ready
//   condemned             web-3   from the last: each waits until those after it are gone
//   update    web-2 → web-1 → …   from the last down to the partition: deleted here, made anew in the next turn
//
// Upstream: kubernetes/pkg/controller/statefulset/stateful_set_control.go updateStatefulSet.

import type { StatefulSet } from 'kubernetes-types/apps/v1'
import type { Pod } from 'kubernetes-types/core/v1'
import { availableInMs, isRunning, isTerminated } from '../pod-state.ts'
import { REVISION_HASH } from '../revision-history.ts'
import { firstOrdinal, ordinalOf, saysItsName } from './identity.ts'

export interface Plan {
  create: number[]
  remove: Pod[]
  /** Those that do not say who they are any more. */
  rename: Pod[]
  /** What is waited for, in words. */
  waitsFor: string
}

const isGoing = ({ metadata }: Pod) => metadata?.deletionTimestamp !== undefined

export function planPods(
  set: StatefulSet,
  pods: readonly Pod[],
  { update, now }: { update: string; now: number },
): Plan {
  const plan: Plan = { create: [], remove: [], rename: [], waitsFor: '' }
  const isOrdered = set.spec?.podManagementPolicy !== 'Parallel'
  const isAvailable = (pod: Pod | undefined) =>
    pod !== undefined &&
    isRunning(pod) &&
    !isGoing(pod) &&
    availableInMs(pod, set.spec?.minReadySeconds ?? 0, now) === 0
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
      plan.remove.push(pod)
      if (isOrdered) return { ...plan, waitsFor: `${pod.metadata?.name} to be made again` }
    } else if (!pod) {
      plan.create.push(start + index)
      if (isOrdered) return plan
    } else if (isOrdered && !isAvailable(pod)) {
      return { ...plan, waitsFor: `${pod.metadata?.name} to be ${isGoing(pod) ? 'gone' : 'ready'}` }
    } else if (!isGoing(pod) && !saysItsName(pod)) plan.rename.push(pod)
  }
  const firstUnavailable = [...replicas, ...condemned.toReversed()].find((pod) => !isAvailable(pod))
  for (const pod of condemned) {
    if (isGoing(pod)) {
      if (isOrdered) return { ...plan, waitsFor: `${pod.metadata?.name} to be gone` }
      continue
    }
    if (isOrdered && !isAvailable(pod) && pod !== firstUnavailable) {
      return { ...plan, waitsFor: `${firstUnavailable?.metadata?.name} to be ready` }
    }
    plan.remove.push(pod)
    if (isOrdered) return plan
  }
  const outdated = nextOutdated(set, replicas, { update, isAvailable })
  return { ...plan, remove: [...plan.remove, ...(outdated ? [outdated] : [])] }
}

/** One at a time, well or not; what comes before it waits until what comes after it works again. */
function nextOutdated(
  set: StatefulSet,
  replicas: readonly (Pod | undefined)[],
  { update, isAvailable }: { update: string; isAvailable(pod: Pod | undefined): boolean },
): Pod | undefined {
  const { type, rollingUpdate } = set.spec?.updateStrategy ?? {}
  if (type === 'OnDelete') return undefined
  for (const pod of replicas.slice(rollingUpdate?.partition ?? 0).toReversed()) {
    if (pod && pod.metadata?.labels?.[REVISION_HASH] !== update && !isGoing(pod) && !isTerminated(pod)) return pod
    if (!isAvailable(pod)) return undefined
  }
  return undefined
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
  if (type === 'OnDelete') return update
  return ordinal < firstOrdinal(set) + (rollingUpdate?.partition ?? currentReplicas) ? current : update
}
