// What a budget allows now. Upstream: kubernetes/pkg/controller/disruption/disruption.go trySync, countHealthyPods.

import type { Pod } from 'kubernetes-types/core/v1'
import type { PodDisruptionBudget, PodDisruptionBudgetStatus } from 'kubernetes-types/policy/v1'
import { scaledValue } from '../../apimachinery/int-or-string.ts'
import { conditionOf } from '../conditions.ts'
import { isReady } from '../pod-state.ts'

/** An eviction is believed to be under way for so long; then the pod counts again. */
const UNCONFIRMED_MS = 2 * 60_000

export interface Counted {
  budget: PodDisruptionBudget
  /** All that the selector finds. */
  pods: readonly Pod[]
  /** How many there should be; a sentence when nobody can say. */
  expected: number | string
  now: number
  at: string
}

/** And when to look again: an eviction that was never confirmed runs out by time alone. */
export function nextStatus({ budget, pods, expected, now, at }: Counted): {
  status: PodDisruptionBudgetStatus
  nextMs: number | undefined
  /** Whose eviction was granted long ago and never happened. */
  notDeleted: Pod[]
} {
  const { spec, metadata, status: current } = budget
  const wanted = desired(spec ?? {}, pods.length, expected)
  if (typeof wanted === 'string')
    return { status: failedStatus(current, wanted, at), nextMs: undefined, notDeleted: [] }
  const { disrupted, nextMs, notDeleted } = stillUnderWay(pods, current?.disruptedPods ?? {}, now)
  const healthy = pods.filter(
    ({ metadata: meta, ...pod }) => !meta?.deletionTimestamp && !disrupted[meta?.name ?? ''] && isReady(pod),
  ).length
  const { desired: desiredHealthy, expected: expectedPods } = wanted
  const allowed = expectedPods > 0 ? Math.max(0, healthy - desiredHealthy) : 0
  const status = allowed > 0 ? 'True' : 'False'
  const before = conditionOf(current?.conditions, 'DisruptionAllowed')
  const condition = {
    type: 'DisruptionAllowed',
    status,
    reason: allowed > 0 ? 'SufficientPods' : 'InsufficientPods',
    message: '',
    observedGeneration: metadata?.generation ?? 0,
    lastTransitionTime: before?.status === status ? before.lastTransitionTime : at,
  }
  return {
    nextMs,
    notDeleted,
    status: {
      ...(Object.keys(disrupted).length > 0 ? { disruptedPods: disrupted } : {}),
      currentHealthy: healthy,
      desiredHealthy,
      disruptionsAllowed: allowed,
      expectedPods,
      observedGeneration: metadata?.generation ?? 0,
      conditions: beside(current, condition),
    },
  }
}

type Condition = NonNullable<PodDisruptionBudgetStatus['conditions']>[number]

/** What others say of the budget stays where it is. */
function beside(current: PodDisruptionBudgetStatus | undefined, next: Condition): Condition[] {
  const { conditions = [] } = current ?? {}
  if (!conditionOf(conditions, next.type)) return [...conditions, next]
  return conditions.map((condition) => (condition.type === next.type ? next : condition))
}

/** Nobody may go. The rest stays as it was, also what generation it is of: who evicts is told that the budget is not known yet. */
function failedStatus(
  current: PodDisruptionBudgetStatus | undefined,
  message: string,
  at: string,
): PodDisruptionBudgetStatus {
  const before = conditionOf(current?.conditions, 'DisruptionAllowed')
  const { observedGeneration } = current ?? {}
  const condition = {
    type: 'DisruptionAllowed',
    status: 'False',
    reason: 'SyncFailed',
    message,
    ...(observedGeneration === undefined ? {} : { observedGeneration }),
    lastTransitionTime: before?.status === 'False' ? before.lastTransitionTime : at,
  }
  const none = { currentHealthy: 0, desiredHealthy: 0, expectedPods: 0 }
  return { ...none, ...current, disruptionsAllowed: 0, conditions: beside(current, condition) }
}

function desired(
  { minAvailable, maxUnavailable }: NonNullable<PodDisruptionBudget['spec']>,
  found: number,
  expected: number | string,
): { desired: number; expected: number } | string {
  if (maxUnavailable !== undefined) {
    if (typeof expected === 'string') return expected
    const away = scaledValue(maxUnavailable, { total: expected, roundUp: true }) ?? 0
    return { desired: Math.max(0, expected - away), expected }
  }
  // A number means just that, whoever made the pods.
  if (typeof minAvailable === 'number') return { desired: minAvailable, expected: found }
  if (minAvailable === undefined) return { desired: 0, expected: found }
  if (typeof expected === 'string') return expected
  return { desired: scaledValue(minAvailable, { total: expected, roundUp: true }) ?? 0, expected }
}

function stillUnderWay(pods: readonly Pod[], disrupted: Readonly<Record<string, string>>, now: number) {
  const left: Record<string, string> = {}
  const notDeleted: Pod[] = []
  let nextMs: number | undefined
  for (const pod of pods) {
    const { metadata } = pod
    const since = disrupted[metadata?.name ?? '']
    if (since === undefined || metadata?.deletionTimestamp) continue
    const leftMs = Date.parse(since) + UNCONFIRMED_MS - now
    if (leftMs <= 0) {
      notDeleted.push(pod)
      continue
    }
    left[metadata?.name ?? ''] = since
    nextMs = Math.min(nextMs ?? leftMs, leftMs)
  }
  return { disrupted: left, nextMs, notDeleted }
}
