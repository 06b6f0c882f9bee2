// A Deployment scaled in the middle of a rollout: each ReplicaSet gets its share, so that the mix of old and new
// stays what it was and a bad new version does not get all the new pods.
//
//   replicas 10 → 15, maxSurge 3:  old 8 of 13, new 5 of 13   →   old 11, new 7 of 18
//
// Upstream: scale() in kubernetes/pkg/controller/deployment/sync.go.

import type { Deployment, ReplicaSet } from 'kubernetes-types/apps/v1'
import { MAX_REPLICAS, numberIn } from './revision-annotations.ts'
import { boundsOf, byAge, type Resize, replicasOf, totalReplicas } from './rollout-bounds.ts'

/** A size for each active ReplicaSet, also for those whose size stays: their annotations change. */
export function shareOut(deployment: Deployment, active: readonly ReplicaSet[]): Resize[] {
  const desired = replicasOf(deployment)
  const allowed = desired > 0 ? desired + boundsOf(deployment).maxSurge : 0
  const toAdd = allowed - totalReplicas(active)
  // Growing favours the newest of the largest, shrinking takes from the oldest of the largest.
  const ordered = [...active].sort((a, b) => replicasOf(b) - replicasOf(a) || (toAdd > 0 ? byAge(b, a) : byAge(a, b)))
  let added = 0
  const resized = ordered.map((replicaSet): Resize => {
    const share = toAdd === 0 ? 0 : shareOf(deployment, replicaSet, toAdd - added)
    added += share
    return { replicaSet, to: replicasOf(replicaSet) + share }
  })
  // What rounding left over goes to the largest.
  const [largest] = resized
  if (largest && toAdd !== 0) largest.to = Math.max(0, largest.to + toAdd - added)
  return resized
}

function shareOf(deployment: Deployment, replicaSet: ReplicaSet, left: number): number {
  const size = replicasOf(replicaSet)
  if (size === 0 || left === 0) return 0
  const fraction = fractionOf(deployment, replicaSet, size)
  return left > 0 ? Math.min(fraction, left) : Math.max(fraction, left)
}

function fractionOf(deployment: Deployment, replicaSet: ReplicaSet, size: number): number {
  const desired = replicasOf(deployment)
  if (desired === 0) return -size
  const maxNow = desired + boundsOf(deployment).maxSurge
  const maxBefore = numberIn(replicaSet.metadata?.annotations, MAX_REPLICAS) || deployment.status?.replicas || maxNow
  return Math.round((size * maxNow) / maxBefore) - size
}
