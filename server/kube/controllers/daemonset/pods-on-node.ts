// What is to be done about the pods of a DaemonSet on one node, whatever becomes of the rollout. Pure.
// Upstream: kubernetes/pkg/controller/daemon/daemon_controller.go podsShouldBeOnNode.

import type { DaemonSet } from 'kubernetes-types/apps/v1'
import type { Pod } from 'kubernetes-types/core/v1'
import { availableInMs, isReady, isTerminated } from '../pod-state.ts'
import type { Verdict } from './daemon-pods.ts'
import { boundsOf, isNew } from './plan-rollout.ts'

export interface NodePlan {
  remove: Pod[]
  create: boolean
  /** Those of `remove` that have ended by themselves. */
  ended: Pod[]
  /** A failed one is left for so long. */
  waitMs?: number
}

export interface OnNode {
  set: DaemonSet
  pods: readonly Pod[]
  verdict: Verdict
  hash: string
  now: number
  /** How long a pod that failed here has to be left; 0 when the next may be tried. */
  retryInMs: number
}

const isThere = ({ metadata }: Pod) => !metadata?.deletionTimestamp

export function planNode({ set, pods, verdict, hash, now, retryInMs }: OnNode): NodePlan {
  const { shouldRun, mayStay } = verdict
  if (!mayStay) return { remove: pods.filter(isThere), create: false, ended: [] }
  if (pods.length === 0) return { remove: [], create: shouldRun, ended: [] }
  const [over, running] = [pods.filter(isThere).filter(isTerminated), pods.filter(isThere).filter(isAlive)]
  const failed = over.filter(hasFailed)
  const mustWait = retryInMs > 0 && failed.length > 0
  // Each that goes begins a wait of its own, for the next of them too.
  const ended = [...over.filter((pod) => !hasFailed(pod)), ...(mustWait ? [] : failed.slice(0, 1))]
  const wait = mustWait ? { waitMs: retryInMs } : {}
  running.sort(placedThenOldest)
  // Where a second one may stand beside the first, one that is on its way out is not waited for.
  const surges = boundsOf(set, 1).maxSurge > 0
  const create = surges && running.length === 0 && shouldRun
  const excess = surges ? excessOf(set, running, { hash, now }) : running.slice(1)
  return { remove: [...ended, ...excess], create, ended, ...wait }
}

/** Of each template the oldest may stay; the old one goes when it is of no use, or no longer needed. */
function excessOf(set: DaemonSet, running: readonly Pod[], { hash, now }: { hash: string; now: number }): Pod[] {
  const [next, ...moreNew] = running.filter((pod) => isNew(pod, hash))
  const [old, ...moreOld] = running.filter((pod) => !isNew(pod, hash))
  const isOver =
    old && next && (!isReady(old) || availableInMs(next, set.spec?.minReadySeconds ?? 0, now) === 0) ? [old] : []
  return [...moreNew, ...moreOld, ...isOver]
}

const isAlive = (pod: Pod) => !isTerminated(pod)
const hasFailed = ({ status }: Pod) => status?.phase === 'Failed'

export function placedThenOldest(a: Pod, b: Pod): number {
  const rank = ({ metadata, spec }: Pod) =>
    `${spec?.nodeName ? 0 : 1} ${metadata?.creationTimestamp ?? ''} ${metadata?.name ?? ''}`
  return rank(a) < rank(b) ? -1 : 1
}
