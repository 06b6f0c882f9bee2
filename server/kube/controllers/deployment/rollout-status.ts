// What a Deployment's status says about its rollout. Pure. Upstream: kubernetes/pkg/controller/deployment/progress.go
// and calculateStatus in sync.go.

import type { Deployment, DeploymentCondition, DeploymentStatus, ReplicaSet } from 'kubernetes-types/apps/v1'
import { conditionOf, withCondition, withoutCondition } from '../conditions.ts'
import { boundsOf, replicasOf, totalAvailable, totalReplicas } from './rollout-bounds.ts'

export type Status = DeploymentStatus & { terminatingReplicas?: number }

export interface Moment {
  now: number
  at: string
}

/** As upstream: whoever does not care sets the largest int32. */
export function deadlineSeconds({ spec }: Deployment): number | undefined {
  const seconds = spec?.progressDeadlineSeconds
  return seconds === undefined || seconds === 2147483647 ? undefined : seconds
}

export function progressing(
  status: 'True' | 'False' | 'Unknown',
  reason: string,
  message: string,
  at: string,
): DeploymentCondition {
  return { type: 'Progressing', status, reason, message, lastUpdateTime: at, lastTransitionTime: at }
}

/** Numbers and availability; says nothing about progress. */
export function countedStatus(
  deployment: Deployment,
  all: readonly ReplicaSet[],
  newest: ReplicaSet | undefined,
  { at }: Moment,
): Status {
  const desired = replicasOf(deployment)
  const available = totalAvailable(all)
  const sum = (numberOf: (set: ReplicaSet) => number | undefined) =>
    all.reduce((total, set) => total + (numberOf(set) ?? 0), 0)
  const isAvailable = available >= desired - boundsOf(deployment).maxUnavailable
  const conditions = withCondition(deployment.status?.conditions, {
    type: 'Available',
    status: isAvailable ? 'True' : 'False',
    reason: isAvailable ? 'MinimumReplicasAvailable' : 'MinimumReplicasUnavailable',
    message: isAvailable ? 'Deployment has minimum availability.' : 'Deployment does not have minimum availability.',
    lastUpdateTime: at,
    lastTransitionTime: at,
  })
  const { collisionCount } = deployment.status ?? {}
  return {
    observedGeneration: deployment.metadata?.generation ?? 0,
    replicas: sum((set) => set.status?.replicas),
    updatedReplicas: newest?.status?.replicas ?? 0,
    readyReplicas: sum((set) => set.status?.readyReplicas),
    availableReplicas: available,
    unavailableReplicas: Math.max(0, totalReplicas(all) - available),
    ...terminatingOf(all),
    ...(collisionCount === undefined ? {} : { collisionCount }),
    conditions: [...conditions],
  }
}

/** Nobody can say while a set does not: one that has been looked at by a controller that counts none. */
function terminatingOf(all: readonly ReplicaSet[]): { terminatingReplicas?: number } {
  const told = all.map(({ status }) => {
    const { terminatingReplicas, observedGeneration = 0 } = (status ?? {}) as Status
    return terminatingReplicas ?? (observedGeneration === 0 ? 0 : Number.NaN)
  })
  const terminatingReplicas = told.reduce((sum, replicas) => sum + replicas, 0)
  return Number.isNaN(terminatingReplicas) ? {} : { terminatingReplicas }
}

export function isComplete(deployment: Deployment, status: Status): boolean {
  const desired = replicasOf(deployment)
  return (
    (status.updatedReplicas ?? 0) === desired &&
    (status.replicas ?? 0) === desired &&
    (status.availableReplicas ?? 0) === desired &&
    (status.observedGeneration ?? 0) >= (deployment.metadata?.generation ?? 0)
  )
}

function hasProgressed(before: Status, after: Status): boolean {
  const of = (status: Status) => ({
    updated: status.updatedReplicas ?? 0,
    old: (status.replicas ?? 0) - (status.updatedReplicas ?? 0),
    ready: status.readyReplicas ?? 0,
    available: status.availableReplicas ?? 0,
  })
  const was = of(before)
  const is = of(after)
  return is.updated > was.updated || is.old < was.old || is.ready > was.ready || is.available > was.available
}

function hasTimedOut(deployment: Deployment, status: Status, now: number): boolean {
  const seconds = deadlineSeconds(deployment)
  const condition = conditionOf(status.conditions, 'Progressing')
  // A finished rollout cannot be late, whatever happens to its pods afterwards.
  if (seconds === undefined || !condition || condition.reason === 'NewReplicaSetAvailable') return false
  if (condition.reason === 'ProgressDeadlineExceeded') return true
  return Date.parse(condition.lastUpdateTime ?? '') + seconds * 1000 < now
}

/** `countedStatus` and what there is to say about progress. */
export function rolloutStatus(
  deployment: Deployment,
  all: readonly ReplicaSet[],
  newest: ReplicaSet | undefined,
  moment: Moment,
): Status {
  const status = countedStatus(deployment, all, newest, moment)
  let conditions: readonly DeploymentCondition[] = status.conditions ?? []
  const current = conditionOf(deployment.status?.conditions, 'Progressing')
  const deadline = deadlineSeconds(deployment)
  if (deadline === undefined) conditions = withoutCondition(conditions, 'Progressing')
  const finished = status.replicas === status.updatedReplicas && current?.reason === 'NewReplicaSetAvailable'
  if (deadline !== undefined && !finished)
    conditions = withProgress(deployment, { ...status, conditions: [...conditions] }, newest, moment)
  const failure = replicaFailure(all, newest)
  conditions = failure ? withCondition(conditions, failure) : withoutCondition(conditions, 'ReplicaFailure')
  return { ...status, conditions: [...conditions] }
}

function withProgress(
  deployment: Deployment,
  status: Status,
  newest: ReplicaSet | undefined,
  { now, at }: Moment,
): readonly DeploymentCondition[] {
  const conditions = status.conditions ?? []
  const current = conditionOf(conditions, 'Progressing')
  const subject = newest ? `ReplicaSet "${newest.metadata?.name}"` : `Deployment "${deployment.metadata?.name}"`
  if (isComplete(deployment, status)) {
    const message = `${subject} has successfully progressed.`
    return withCondition(conditions, progressing('True', 'NewReplicaSetAvailable', message, at))
  }
  if (hasProgressed(deployment.status ?? {}, status)) {
    const condition = progressing('True', 'ReplicaSetUpdated', `${subject} is progressing.`, at)
    // Set even if nothing but its time is new: the deadline counts from the last step.
    if (current?.status === 'True' && current.lastTransitionTime) {
      condition.lastTransitionTime = current.lastTransitionTime
    }
    return [...withoutCondition(conditions, 'Progressing'), condition]
  }
  if (hasTimedOut(deployment, status, now)) {
    const message = `${subject} has timed out progressing.`
    return withCondition(conditions, progressing('False', 'ProgressDeadlineExceeded', message, at))
  }
  return conditions
}

/** The newest ReplicaSet's trouble before that of older ones. */
function replicaFailure(all: readonly ReplicaSet[], newest: ReplicaSet | undefined): DeploymentCondition | undefined {
  for (const set of [...(newest ? [newest] : []), ...all]) {
    const failure = conditionOf(set.status?.conditions, 'ReplicaFailure')
    if (failure)
      return { ...failure, ...(failure.lastTransitionTime ? { lastUpdateTime: failure.lastTransitionTime } : {}) }
  }
  return undefined
}

/** When to look again for a rollout that may be stuck; undefined when nothing is to be waited for. */
export function deadlineInMs(deployment: Deployment, status: Status, now: number): number | undefined {
  const seconds = deadlineSeconds(deployment)
  const current = conditionOf(status.conditions, 'Progressing')
  if (seconds === undefined || !current) return undefined
  if (isComplete(deployment, status)) return undefined
  if (current.reason === 'ProgressDeadlineExceeded' || current.reason === 'NewReplicaSetAvailable') return undefined
  // A second more than the deadline, or it would be just about not yet passed.
  return Math.max(0, Date.parse(current.lastUpdateTime ?? '') + seconds * 1000 - now) + 1000
}
