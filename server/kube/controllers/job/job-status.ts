// What a Job says of itself, and what it tells when that changes.
// Upstream: kubernetes/pkg/controller/job/job_controller.go enactJobFinished, recordJobFinished.

import type { Job as BatchJob, JobCondition, JobStatus } from 'kubernetes-types/batch/v1'
import type { ReconcileContext } from '../../client/reconcile-context.ts'
import { formatIndexes } from '../../kinds/batch/indexes.ts'
import { hasCondition, Job } from '../../kinds/job.ts'
import { withCondition } from '../conditions.ts'
import { isReady } from '../pod-state.ts'
import type { Counts } from './count-pods.ts'
import type { End } from './job-end.ts'

interface Turn {
  counts: Counts
  end: End | undefined
  active: number
  terminating: number
  at: string
  isOver: boolean
  /** Whether pods are made and deleted in this turn; before that nobody is told that the Job rests, or goes on. */
  mayAct: boolean
}

export function nextStatus(job: BatchJob, { counts, end, active, terminating, at, isOver, mayAct }: Turn): JobStatus {
  const { spec, status = {} } = job
  let conditions: readonly JobCondition[] = status.conditions ?? []
  const say = (type: string, value: string, reason: string, message: string) => {
    conditions = withCondition(conditions, {
      type,
      status: value,
      reason,
      message,
      lastProbeTime: at,
      lastTransitionTime: at,
    })
  }
  if (end) say(end.type, 'True', end.reason, end.message)
  else if (mayAct && spec?.suspend) say('Suspended', 'True', 'JobSuspended', 'Job suspended')
  else if (mayAct && hasCondition(job, 'Suspended')) say('Suspended', 'False', 'JobResumed', 'Job resumed')
  if (end && isOver) say(end.type === 'FailureTarget' ? 'Failed' : 'Complete', 'True', end.reason, end.message)
  const { uncounted } = counts
  const isResumed = mayAct && !spec?.suspend && hasCondition(job, 'Suspended')
  const begun = isResumed ? at : (status.startTime ?? at)
  const startTime = spec?.suspend && !end ? (mayAct ? undefined : status.startTime) : begun
  const ready = end && isOver ? 0 : counts.active.filter(isReady).length
  return {
    ...(conditions.length > 0 ? { conditions: [...conditions] } : {}),
    ...(startTime ? { startTime } : {}),
    ...(end?.type === 'SuccessCriteriaMet' && isOver ? { completionTime: at } : {}),
    ...(active > 0 ? { active } : {}),
    ...(counts.succeeded > 0 ? { succeeded: counts.succeeded } : {}),
    ...(counts.failed > 0 ? { failed: counts.failed } : {}),
    terminating,
    ready: Math.min(ready, active),
    ...(counts.completed.size > 0 ? { completedIndexes: formatIndexes(counts.completed) } : {}),
    ...(spec?.backoffLimitPerIndex === undefined ? {} : { failedIndexes: formatIndexes(counts.failedIndexes) }),
    uncountedTerminatedPods: {
      ...(uncounted.succeeded.length > 0 ? { succeeded: uncounted.succeeded } : {}),
      ...(uncounted.failed.length > 0 ? { failed: uncounted.failed } : {}),
    },
  }
}

export function tellChanges(context: ReconcileContext, job: BatchJob, status: JobStatus): void {
  for (const { type, status: value, reason = '', message = '' } of status.conditions ?? []) {
    const before = job.status?.conditions?.find((condition) => condition.type === type)
    if (before?.status === value) continue
    if (type === 'Complete') {
      if ((status.succeeded ?? 0) > (job.spec?.completions ?? Number.POSITIVE_INFINITY)) {
        const tooMany = 'Too many succeeded pods running after completion count reached'
        context.event(Job, job, 'Warning', 'TooManySucceededPods', tooMany)
      }
      context.event(Job, job, 'Normal', 'Completed', 'Job completed')
    } else if (type === 'Suspended') {
      const isOn = value === 'True'
      context.event(Job, job, 'Normal', isOn ? 'Suspended' : 'Resumed', isOn ? 'Job suspended' : 'Job resumed')
    } else if (type === 'Failed') context.event(Job, job, 'Warning', reason, message)
  }
}
