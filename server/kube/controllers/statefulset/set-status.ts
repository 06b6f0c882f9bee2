// What a StatefulSet's status says about its pods. Upstream: stateful_set_control.go, completeRollingUpdate.

import type { StatefulSet, StatefulSetStatus } from 'kubernetes-types/apps/v1'
import type { Pod } from 'kubernetes-types/core/v1'
import { availableInMs, isReady, isRunning } from '../pod-state.ts'
import { REVISION_HASH } from '../revision-history.ts'

export function nextStatus(
  set: StatefulSet,
  pods: readonly Pod[],
  { current, update, now }: { current: string; update: string; now: number },
): StatefulSetStatus {
  const alive = pods.filter(({ metadata }) => !metadata?.deletionTimestamp)
  const of = (revision: string) => alive.filter(({ metadata }) => metadata?.labels?.[REVISION_HASH] === revision).length
  const ready = pods.filter((pod) => isRunning(pod) && isReady(pod))
  const updated = of(update)
  const wanted = set.spec?.replicas ?? 1
  const isDone =
    set.spec?.updateStrategy?.type === 'RollingUpdate' &&
    updated === wanted &&
    ready.length === wanted &&
    pods.length === wanted
  const counts = {
    readyReplicas: ready.length,
    currentReplicas: isDone ? updated : of(current),
    updatedReplicas: updated,
  }
  return {
    observedGeneration: set.metadata?.generation ?? 0,
    replicas: pods.length,
    availableReplicas: ready.filter((pod) => availableInMs(pod, set.spec?.minReadySeconds ?? 0, now) === 0).length,
    ...Object.fromEntries(Object.entries(counts).filter(([, count]) => count > 0)),
    currentRevision: isDone ? update : current,
    updateRevision: update,
    collisionCount: set.status?.collisionCount ?? 0,
  }
}
