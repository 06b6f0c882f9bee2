// What a DaemonSet's status says about its pods: of each node, what the first of them is.
// Upstream: kubernetes/pkg/controller/daemon/daemon_controller.go updateDaemonSetStatus.

import type { DaemonSet, DaemonSetStatus } from 'kubernetes-types/apps/v1'
import type { Pod } from 'kubernetes-types/core/v1'
import { availableInMs, isReady } from '../pod-state.ts'
import type { Verdict } from './daemon-pods.ts'
import { isNew } from './plan-rollout.ts'
import { placedThenOldest } from './pods-on-node.ts'

export interface Seen {
  set: DaemonSet
  verdicts: ReadonlyMap<string, Verdict>
  byNode: ReadonlyMap<string, readonly Pod[]>
  hash: string
  now: number
  /** Whether this turn does what the set asks for; while it waits for news it only counts. */
  mayAct: boolean
}

export function nextStatus({ set, verdicts, byNode, hash, now, mayAct }: Seen): DaemonSetStatus {
  const status = {
    currentNumberScheduled: 0,
    numberMisscheduled: 0,
    desiredNumberScheduled: 0,
    numberReady: 0,
    updatedNumberScheduled: 0,
    numberAvailable: 0,
  }
  for (const [node, { shouldRun }] of verdicts) {
    // A new one beside an old one does not count before it has taken over.
    const [first] = [...(byNode.get(node) ?? [])].sort(placedThenOldest)
    if (!shouldRun) {
      if (first) status.numberMisscheduled++
      continue
    }
    status.desiredNumberScheduled++
    if (!first) continue
    status.currentNumberScheduled++
    if (isReady(first)) status.numberReady++
    if (availableInMs(first, set.spec?.minReadySeconds ?? 0, now) === 0) status.numberAvailable++
    if (isNew(first, hash)) status.updatedNumberScheduled++
  }
  return shown({
    ...status,
    numberUnavailable: status.desiredNumberScheduled - status.numberAvailable,
    // Who waits for a rollout waits for this first: nothing has been done about the newest yet.
    observedGeneration: (mayAct ? set.metadata?.generation : set.status?.observedGeneration) ?? 0,
    ...(set.status?.conditions ? { conditions: set.status.conditions } : {}),
  }) as DaemonSetStatus
}

/** Zeros that upstream leaves out. */
export function shown(status: object): object {
  const optional = new Set(['updatedNumberScheduled', 'numberAvailable', 'numberUnavailable'])
  return Object.fromEntries(Object.entries(status).filter(([field, value]) => !(optional.has(field) && value === 0)))
}
