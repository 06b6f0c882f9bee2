// How far a rollout may go at this moment. Pure arithmetic.
//
//   replicas 10, maxSurge 25% → 3 (rounded up), maxUnavailable 25% → 2 (rounded down)
//   so at any moment at most 13 pods in all, and at least 8 available
//
// Upstream: kubernetes/pkg/controller/deployment/util/deployment_util.go.

import type { Deployment, ReplicaSet } from 'kubernetes-types/apps/v1'
import { scaledValue } from '../../apimachinery/int-or-string.ts'

export const replicasOf = (object: { spec?: { replicas?: number } }) => object.spec?.replicas ?? 1
export const totalReplicas = (sets: readonly ReplicaSet[]) => sets.reduce((sum, set) => sum + replicasOf(set), 0)
export const totalAvailable = (sets: readonly ReplicaSet[]) =>
  sets.reduce((sum, set) => sum + (set.status?.availableReplicas ?? 0), 0)

export const isRolling = (deployment: Deployment) => deployment.spec?.strategy?.type !== 'Recreate'

export interface Bounds {
  maxSurge: number
  maxUnavailable: number
}

export function boundsOf(deployment: Deployment): Bounds {
  const total = replicasOf(deployment)
  if (!isRolling(deployment)) return { maxSurge: 0, maxUnavailable: 0 }
  const { maxSurge = '25%', maxUnavailable = '25%' } = deployment.spec?.strategy?.rollingUpdate ?? {}
  const surge = scaledValue(maxSurge, { total, roundUp: true }) ?? 0
  const unavailable = scaledValue(maxUnavailable, { total, roundUp: false }) ?? 0
  // Both 0 would allow no step at all. Percentages of few replicas come to that.
  if (surge === 0 && unavailable === 0) return { maxSurge: 0, maxUnavailable: Math.min(1, total) }
  return { maxSurge: surge, maxUnavailable: Math.min(unavailable, total) }
}

/** How large the newest ReplicaSet may be now. */
export function newestSize(deployment: Deployment, all: readonly ReplicaSet[], newestNow: number): number {
  const desired = replicasOf(deployment)
  if (!isRolling(deployment)) return desired
  const room = desired + boundsOf(deployment).maxSurge - totalReplicas(all)
  if (room <= 0) return newestNow
  return newestNow + Math.min(room, desired - newestNow)
}

export interface Resize {
  replicaSet: ReplicaSet
  to: number
}

/** How far old ReplicaSets may shrink now: first pods that never became available, then available ones. */
export function shrinkOld(deployment: Deployment, newest: ReplicaSet, allOld: readonly ReplicaSet[]): Resize[] {
  // What has been told to have no pods may not say so yet: those that it still has are not there to be relied on.
  const old = oldestFirst(allOld.filter((set) => replicasOf(set) > 0))
  if (old.length === 0) return []
  const all = [...old, newest]
  const minAvailable = replicasOf(deployment) - boundsOf(deployment).maxUnavailable
  const newestUnavailable = replicasOf(newest) - (newest.status?.availableReplicas ?? 0)
  // Pods of the newest that are not available yet are on their way: old ones must not make room twice for them.
  const mayGo = totalReplicas(all) - minAvailable - newestUnavailable
  if (mayGo <= 0) return []
  const sizes = new Map(old.map((set) => [set, replicasOf(set)]))
  const planned = () =>
    [...sizes].filter(([set, to]) => to !== replicasOf(set)).map(([replicaSet, to]) => ({ replicaSet, to }))
  let unhealthyLeft = mayGo
  for (const [set, size] of sizes) {
    if (unhealthyLeft <= 0) break
    const unhealthy = Math.min(unhealthyLeft, size - (set.status?.availableReplicas ?? 0))
    // It has been made smaller and has not said so: how many of all are available is known when it has.
    if (unhealthy < 0) return planned()
    sizes.set(set, size - unhealthy)
    unhealthyLeft -= unhealthy
  }
  let availableLeft = totalAvailable(all) - minAvailable
  for (const [set, size] of sizes) {
    if (availableLeft <= 0) break
    const step = Math.min(size, availableLeft)
    sizes.set(set, size - step)
    availableLeft -= step
  }
  return planned()
}

export function oldestFirst(sets: readonly ReplicaSet[]): ReplicaSet[] {
  return [...sets].sort(byAge)
}

export function byAge(a: ReplicaSet, b: ReplicaSet): number {
  const difference =
    Date.parse(a.metadata?.creationTimestamp ?? '') - Date.parse(b.metadata?.creationTimestamp ?? '') || 0
  return difference || ((a.metadata?.name ?? '') < (b.metadata?.name ?? '') ? -1 : 1)
}
