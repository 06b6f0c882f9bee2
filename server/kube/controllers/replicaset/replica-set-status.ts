// What a ReplicaSet's status says about the pods seen. Upstream: pkg/controller/replicaset/replica_set_utils.go.

import type { ReplicaSet, ReplicaSetCondition, ReplicaSetStatus } from 'kubernetes-types/apps/v1'
import type { Pod } from 'kubernetes-types/core/v1'
import { deepEqual } from '../../apimachinery/deep.ts'
import { selectorOfMap } from '../../apimachinery/label-selector.ts'
import { withCondition, withoutCondition } from '../conditions.ts'
import { availableInMs, isReady } from '../pod-state.ts'

/** Since 1.33 also those on their way out are counted. */
export type Status = ReplicaSetStatus & { terminatingReplicas?: number }

export interface Observed {
  replicaSet: ReplicaSet
  active: readonly Pod[]
  /** Undefined of who does not tell: ReplicationControllers never have. */
  terminating: number | undefined
  now: number
  at: string
  /** Why pods could not be created or deleted in this turn. */
  failure?: { reason: 'FailedCreate' | 'FailedDelete'; message: string } | undefined
}

/** Undefined when the status already says so. */
export function nextStatus({ replicaSet, active, terminating, now, at, failure }: Observed): Status | undefined {
  const { spec, status: current, metadata } = replicaSet
  const templateSelector = selectorOfMap(spec?.template?.metadata?.labels)
  const minReadySeconds = spec?.minReadySeconds ?? 0
  const count = (test: (pod: Pod) => boolean) => active.filter(test).length
  const hasFailure = current?.conditions?.some(({ type }) => type === 'ReplicaFailure') ?? false
  let conditions: readonly ReplicaSetCondition[] = current?.conditions ?? []
  if (failure && !hasFailure) {
    conditions = withCondition(conditions, {
      type: 'ReplicaFailure',
      status: 'True',
      lastTransitionTime: at,
      ...failure,
    })
  } else if (!failure && hasFailure) {
    conditions = withoutCondition(conditions, 'ReplicaFailure')
  }
  const status: Status = {
    replicas: active.length,
    fullyLabeledReplicas: count((pod) => templateSelector.matches(pod.metadata?.labels)),
    readyReplicas: count(isReady),
    availableReplicas: count((pod) => availableInMs(pod, minReadySeconds, now) === 0),
    ...(terminating === undefined ? {} : { terminatingReplicas: terminating }),
    observedGeneration: metadata?.generation ?? 0,
    ...(conditions.length > 0 ? { conditions: [...conditions] } : {}),
  }
  return deepEqual(withZeros(status), withZeros(current ?? { replicas: -1 })) ? undefined : status
}

/** Zeros may have been left out on the way. */
const withZeros = (status: Status): Status => ({
  ...status,
  fullyLabeledReplicas: status.fullyLabeledReplicas ?? 0,
  readyReplicas: status.readyReplicas ?? 0,
  availableReplicas: status.availableReplicas ?? 0,
  terminatingReplicas: status.terminatingReplicas ?? 0,
  observedGeneration: status.observedGeneration ?? 0,
  conditions: status.conditions ?? [],
})
