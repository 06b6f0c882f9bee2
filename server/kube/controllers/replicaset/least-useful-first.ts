// Which pods go first when there are too many: those that would be missed least.
// Upstream: ActivePodsWithRanks in kubernetes/pkg/controller/controller_utils.go.

import type { ReplicaSet } from 'kubernetes-types/apps/v1'
import type { ContainerStatus, Pod } from 'kubernetes-types/core/v1'
import { controllerOf } from '../../apimachinery/object-meta.ts'
import { isReady, podCondition, sidecarStatuses } from '../pod-state.ts'

interface Ranked {
  pod: Pod
  /** How many active pods of the same application share its node: doubled-up pods go before lone ones. */
  sharers: number
  now: number
}

const PHASE_ORDER: Record<string, number> = { Pending: 0, Unknown: 1, Running: 2 }

/** Smaller goes first. */
type Criterion = (a: Ranked, b: Ranked) => number
const by =
  (of: (ranked: Ranked) => number): Criterion =>
  (a, b) =>
    of(a) - of(b)
/** Of two that are not as old, but about, neither is preferred whatever comes after. */
const byAge =
  (sinceOf: (ranked: Ranked) => number): Criterion =>
  (a, b) => {
    const [ofA, ofB] = [sinceOf(a), sinceOf(b)]
    return ofA === ofB ? 0 : ageBucket(ofA, a.now) - ageBucket(ofB, b.now) || byUid(a, b)
  }

const byUid: Criterion = (a, b) => ((a.pod.metadata?.uid ?? '') < (b.pod.metadata?.uid ?? '') ? -1 : 1)

/** Each decides only what all before it left open. */
const CRITERIA: readonly Criterion[] = [
  by(({ pod }) => (pod.spec?.nodeName ? 1 : 0)),
  by(({ pod }) => PHASE_ORDER[pod.status?.phase ?? 'Pending'] ?? 0),
  by(({ pod }) => (isReady(pod) ? 1 : 0)),
  by(({ pod }) => deletionCost(pod)),
  by(({ sharers }) => -sharers),
  byAge(({ pod }) => readySince(pod)),
  by(({ pod }) => -mostRestarts(pod.status?.containerStatuses ?? [])),
  by(({ pod }) => -mostRestarts(sidecarStatuses(pod))),
  byAge(({ pod, now }) => Date.parse(pod.metadata?.creationTimestamp ?? '') || now),
  byUid,
]

/** Those whose pods double up with its own on nodes: of one Deployment. Alone, a set does not look at who shares a node. */
export function siblingsOf(
  replicaSet: ReplicaSet,
  controlledBy: (uid: string | undefined) => readonly ReplicaSet[],
): readonly ReplicaSet[] {
  const owner = controllerOf(replicaSet)
  return owner ? controlledBy(owner.uid) : []
}

export function leastUsefulFirst(pods: readonly Pod[], related: readonly Pod[], now: number): Pod[] {
  const perNode = new Map<string, number>()
  for (const { spec } of related) {
    if (spec?.nodeName) perNode.set(spec.nodeName, (perNode.get(spec.nodeName) ?? 0) + 1)
  }
  return pods
    .map((pod): Ranked => ({ pod, now, sharers: perNode.get(pod.spec?.nodeName ?? '') ?? 0 }))
    .sort(compare)
    .map(({ pod }) => pod)
}

function compare(a: Ranked, b: Ranked): number {
  for (const criterion of CRITERIA) {
    const difference = criterion(a, b)
    if (difference !== 0) return difference
  }
  return 0
}

function deletionCost(pod: Pod): number {
  const cost = pod.metadata?.annotations?.['controller.kubernetes.io/pod-deletion-cost'] ?? '0'
  return /^-?\d+$/.test(cost) ? Number(cost) : 0
}

const readySince = (pod: Pod) => (isReady(pod) && Date.parse(podCondition(pod, 'Ready')?.lastTransitionTime ?? '')) || 0

/**
 * Ages count by powers of two: of pods about equally old none is preferred for being a second younger, or every
 * scale-down would fall upon those of the newest node. Nothing known (0) counts as youngest.
 */
function ageBucket(since: number, now: number): number {
  if (since === 0) return -1
  return Math.floor(Math.log2(Math.max(1, (now - since) * 1e6)))
}

const mostRestarts = (statuses: readonly ContainerStatus[]) =>
  Math.max(0, ...statuses.map(({ restartCount }) => restartCount ?? 0))
