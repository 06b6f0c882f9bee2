// Node by node from old pods to new ones. Pure: who is to be deleted, and where a second pod is to be made.
// Upstream: kubernetes/pkg/controller/daemon/update.go rollingUpdate.

import type { DaemonSet } from 'kubernetes-types/apps/v1'
import type { Pod } from 'kubernetes-types/core/v1'
import { scaledValue } from '../../apimachinery/int-or-string.ts'
import { availableInMs } from '../pod-state.ts'
import { REVISION_HASH } from '../revision-history.ts'

export interface Rollout {
  set: DaemonSet
  /** Of nodes that should have a pod. */
  podsByNode: ReadonlyMap<string, readonly Pod[]>
  hash: string
  now: number
}

export interface Plan {
  remove: Pod[]
  create: string[]
}

function boundsOf(set: DaemonSet, desired: number): { maxUnavailable: number; maxSurge: number } {
  const { type, rollingUpdate } = set.spec?.updateStrategy ?? {}
  if (type !== 'RollingUpdate') return { maxUnavailable: 0, maxSurge: 0 }
  const scaled = (value: number | string) => scaledValue(value, { total: desired, roundUp: true }) ?? 0
  const maxSurge = scaled(rollingUpdate?.maxSurge ?? 0)
  const maxUnavailable = scaled(rollingUpdate?.maxUnavailable ?? 1)
  // Rounded to nothing both, it would never move.
  return { maxSurge, maxUnavailable: maxUnavailable === 0 && maxSurge === 0 && desired > 0 ? 1 : maxUnavailable }
}

export const isNew = (pod: Pod, hash: string) => pod.metadata?.labels?.[REVISION_HASH] === hash

export function planRollout({ set, podsByNode, hash, now }: Rollout): Plan {
  const { maxUnavailable, maxSurge } = boundsOf(set, podsByNode.size)
  const isAvailable = (pod: Pod | undefined) =>
    pod !== undefined && availableInMs(pod, set.spec?.minReadySeconds ?? 0, now) === 0
  const plan: Plan = { remove: [], create: [] }
  const candidates: { node: string; old: Pod }[] = []
  let unavailable = 0
  let surging = 0
  for (const [node, pods] of podsByNode) {
    const alive = pods.filter(({ metadata }) => !metadata?.deletionTimestamp)
    const next = alive.find((pod) => isNew(pod, hash))
    const old = alive.find((pod) => !isNew(pod, hash))
    if (maxSurge > 0) {
      if (old && next) {
        surging++
        // Its work has been taken over.
        if (isAvailable(next)) plan.remove.push(old)
      } else if (old && !isAvailable(old)) plan.create.push(node)
      else if (old) candidates.push({ node, old })
      continue
    }
    if (!old) unavailable += isAvailable(next) ? 0 : 1
    else if (isAvailable(old)) candidates.push({ node, old })
    else {
      // It does no work: replacing it costs nothing.
      unavailable++
      plan.remove.push(old)
    }
  }
  const more = Math.max(0, maxSurge > 0 ? maxSurge - surging - plan.create.length : maxUnavailable - unavailable)
  for (const { node, old } of candidates.slice(0, more)) {
    if (maxSurge > 0) plan.create.push(node)
    else plan.remove.push(old)
  }
  return plan
}
