// Is it over, and how? Upstream: kubernetes/pkg/controller/job/job_controller.go syncJob.

import type { Job } from 'kubernetes-types/batch/v1'
import type { Pod } from 'kubernetes-types/core/v1'
import { conditionOf } from '../conditions.ts'
import { type Counts, successRule } from './count-pods.ts'
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
  const failed = counts.failed + counts.uncounted.failed.length
  const limit = spec?.backoffLimit ?? 6
  if (failed > limit || restartsAreTooMany(job, counts.active, limit)) {
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
function restartsAreTooMany({ spec }: Job, active: readonly Pod[], limit: number): boolean {
  if (spec?.template.spec?.restartPolicy !== 'OnFailure') return false
  const restarts = active
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

const FIRST_DELAY_MS = 10_000
const LONGEST_DELAY_MS = 10 * 60_000

/** After failures in a row the next pod has to wait: 10 s, 20 s, 40 s … 10 minutes. */
export function backoffMs(pods: readonly Pod[], now: number): number {
  const ends = pods
    .filter(({ status }) => status?.phase === 'Failed' || status?.phase === 'Succeeded')
    .map((pod) => ({ pod, at: finishedAt(pod, now) }))
    .sort((a, b) => b.at - a.at)
  const lastSuccess = ends.findIndex(({ pod }) => pod.status?.phase !== 'Failed')
  const inARow = ends.slice(0, lastSuccess < 0 ? ends.length : lastSuccess).map(({ pod }) => pod)
  return delayLeftMs(inARow, inARow.length, now)
}

/** Counted from the last of these pods that has failed. */
export function delayLeftMs(pods: readonly Pod[], failures: number, now: number): number {
  const ends = pods.filter(({ status }) => status?.phase === 'Failed').map((pod) => finishedAt(pod, now))
  if (failures === 0 || ends.length === 0) return 0
  const delayMs = Math.min(FIRST_DELAY_MS * 2 ** (failures - 1), LONGEST_DELAY_MS)
  return Math.max(0, Math.max(...ends) + delayMs - now)
}

function finishedAt({ status, metadata }: Pod, now: number): number {
  const times = (status?.containerStatuses ?? []).map(({ state }) => Date.parse(state?.terminated?.finishedAt ?? ''))
  const known = times.filter((time) => !Number.isNaN(time))
  if (known.length > 0) return Math.max(...known)
  const changed = status?.conditions?.find(({ type }) => type === 'Ready')?.lastTransitionTime
  return Date.parse(changed ?? metadata?.deletionTimestamp ?? metadata?.creationTimestamp ?? '') || now
}
