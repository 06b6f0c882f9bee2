// Is it over, and how? Upstream: kubernetes/pkg/controller/job/job_controller.go syncJob.

import type { Job } from 'kubernetes-types/batch/v1'
import type { Pod } from 'kubernetes-types/core/v1'
import { conditionOf } from '../conditions.ts'
import { type Counts, isCounted, successRule } from './count-pods.ts'
import { isIndexed } from './job-pods.ts'

export interface End {
  /** What is said first, while pods may still run; `Complete` or `Failed` follows. */
  type: 'SuccessCriteriaMet' | 'FailureTarget'
  reason: string
  message: string
}

export function endOf(job: Job, counts: Counts, now: number): End | undefined {
  for (const type of ['FailureTarget', 'SuccessCriteriaMet'] as const) {
    const told = conditionOf(job.status?.conditions, type)
    if (told?.status === 'True') return { type, reason: told.reason ?? '', message: told.message ?? '' }
  }
  return failureOf(job, counts, now) ?? successOf(job, counts)
}

const failure = (reason: string, message: string): End => ({ type: 'FailureTarget', reason, message })

function failureOf(job: Job, counts: Counts, now: number): End | undefined {
  const { spec, status } = job
  if (counts.failJob) return failure('PodFailurePolicy', counts.failJob)
  const waiting = [...counts.replaced.values()].filter((pod) => isCounted(job, pod))
  const failed = counts.failed + counts.uncounted.failed.length + waiting.length
  const limit = spec?.backoffLimit ?? 6
  if (failed > limit || restartsAreTooMany(job, [...counts.active, ...counts.terminating], limit)) {
    return failure('BackoffLimitExceeded', 'Job has reached the specified backoff limit')
  }
  const { activeDeadlineSeconds: deadline, maxFailedIndexes, backoffLimitPerIndex, completions = 0 } = spec ?? {}
  const startedAt = Date.parse(status?.startTime ?? '')
  if (deadline !== undefined && !spec?.suspend && startedAt + Number(deadline) * 1000 <= now) {
    return failure('DeadlineExceeded', 'Job was active longer than specified deadline')
  }
  if (!isIndexed(job) || backoffLimitPerIndex === undefined) return undefined
  const { size } = counts.failedIndexes
  if (maxFailedIndexes !== undefined && size > maxFailedIndexes) {
    return failure('MaxFailedIndexesExceeded', 'Job has exceeded the specified maximal number of failed indexes')
  }
  return size > 0 && size + counts.completed.size >= completions
    ? failure('FailedIndexes', 'Job has failed indexes')
    : undefined
}

/** Where containers are started again in place, it is their restarts that count. */
function restartsAreTooMany({ spec }: Job, running: readonly Pod[], limit: number): boolean {
  if (spec?.template.spec?.restartPolicy !== 'OnFailure') return false
  const restarts = running
    .flatMap(({ status }) => [...(status?.initContainerStatuses ?? []), ...(status?.containerStatuses ?? [])])
    .reduce((sum, { restartCount = 0 }) => sum + restartCount, 0)
  return limit === 0 ? restarts > 0 : restarts >= limit
}

function successOf(job: Job, counts: Counts): End | undefined {
  const rule = isIndexed(job) ? successRule(job, counts.completed) : undefined
  if (rule !== undefined) {
    return { type: 'SuccessCriteriaMet', reason: 'SuccessPolicy', message: `Matched rules at index ${rule}` }
  }
  const succeeded = counts.succeeded + counts.uncounted.succeeded.length
  const { completions } = job.spec ?? {}
  const isDone = completions === undefined ? succeeded > 0 && counts.active.length === 0 : succeeded >= completions
  return isDone
    ? { type: 'SuccessCriteriaMet', reason: 'CompletionsReached', message: 'Reached expected number of succeeded pods' }
    : undefined
}
