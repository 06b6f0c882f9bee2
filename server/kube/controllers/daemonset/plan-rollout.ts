// Node by node from old pods to new ones. Pure: who is to be deleted, and where a second pod is to be made.
// Upstream: kubernetes/pkg/controller/daemon/update.go rollingUpdate.

import type { DaemonSet } from 'kubernetes-types/apps/v1'
import type { Pod } from 'kubernetes-types/core/v1'
import { scaledValue } from '../../apimachinery/int-or-string.ts'
import { availableInMs } from '../pod-state.ts'
import { REVISION_HASH } from '../revision-history.ts'

export interface PodsOnNode {
  pods: readonly Pod[]
  shouldRun: boolean
}

export interface Rollout {
  set: DaemonSet
  /** Those that should have a pod, and those that have one. */
  nodes: ReadonlyMap<string, PodsOnNode>
  hash: string
  now: number
}

export interface Plan {
  remove: Pod[]
  create: string[]
}

export function boundsOf(set: DaemonSet, desired: number): { maxUnavailable: number; maxSurge: number } {
  const { type, rollingUpdate } = set.spec?.updateStrategy ?? {}
  if (type !== 'RollingUpdate') return { maxUnavailable: 0, maxSurge: 0 }
  const scaled = (value: number | string) => scaledValue(value, { total: desired, roundUp: true }) ?? 0
  const maxSurge = scaled(rollingUpdate?.maxSurge ?? 0)
  const maxUnavailable = scaled(rollingUpdate?.maxUnavailable ?? 1)
  // Rounded to nothing both, it would never move.
  return { maxSurge, maxUnavailable: maxUnavailable === 0 && maxSurge === 0 && desired > 0 ? 1 : maxUnavailable }
}

export const isNew = (pod: Pod, hash: string) => pod.metadata?.labels?.[REVISION_HASH] === hash

interface State {
  node: string
  shouldRun: boolean
  old: Pod | undefined
  next: Pod | undefined
  /** More than one of the same template: the turn before the rollout sees to it. */
  isCrowded: boolean
}

export function planRollout({ set, nodes, hash, now }: Rollout): Plan {
  const desired = [...nodes.values()].filter(({ shouldRun }) => shouldRun).length
  const { maxUnavailable, maxSurge } = boundsOf(set, desired)
  const isAvailable = (pod: Pod | undefined) =>
    pod !== undefined && availableInMs(pod, set.spec?.minReadySeconds ?? 0, now) === 0
  const states = [...nodes].map(([node, { pods, shouldRun }]): State => {
    const alive = pods.filter(({ metadata }) => !metadata?.deletionTimestamp)
    const [next, ...moreNew] = alive.filter((pod) => isNew(pod, hash))
    const [old, ...moreOld] = alive.filter((pod) => !isNew(pod, hash))
    return { node, shouldRun, old, next, isCrowded: moreNew.length + moreOld.length > 0 }
  })
  return maxSurge > 0
    ? planSurge(states, { maxSurge, desired, isAvailable })
    : planReplacement(states, { maxUnavailable, isAvailable })
}

type IsAvailable = (pod: Pod | undefined) => boolean

function planReplacement(
  states: readonly State[],
  { maxUnavailable, isAvailable }: { maxUnavailable: number; isAvailable: IsAvailable },
): Plan {
  // One that does no work is replaced at no cost.
  const idle: Pod[] = []
  const candidates: Pod[] = []
  let unavailable = 0
  for (const { old, next, isCrowded } of states) {
    if (old && !next && !isCrowded) {
      if (isAvailable(old)) candidates.push(old)
      else {
        idle.push(old)
        unavailable++
      }
    } else if (isCrowded || old || !isAvailable(next)) unavailable++
  }
  return { remove: [...idle, ...candidates.slice(0, Math.max(0, maxUnavailable - unavailable))], create: [] }
}

function planSurge(
  states: readonly State[],
  { maxSurge, desired, isAvailable }: { maxSurge: number; desired: number; isAvailable: IsAvailable },
): Plan {
  const plan: Plan = { remove: [], create: [] }
  const candidates: string[] = []
  /** Old ones that work, on nodes that should have none. */
  const stranded: Pod[] = []
  let available = 0
  let surging = 0
  for (const { node, shouldRun, old, next, isCrowded } of states) {
    if (isCrowded) {
      surging++
      continue
    }
    if (isAvailable(old ?? next)) available++
    if (!old) continue
    if (next) {
      // Its work has been taken over.
      if (isAvailable(next)) plan.remove.push(old)
      else surging++
    } else if (shouldRun) (isAvailable(old) ? candidates : plan.create).push(node)
    else (isAvailable(old) ? stranded : plan.remove).push(old)
  }
  plan.create.push(...candidates.slice(0, Math.max(0, maxSurge - surging)))
  // They go only when as many as are wanted work without them.
  plan.remove.push(...stranded.slice(0, Math.max(0, available - desired)))
  return plan
}
