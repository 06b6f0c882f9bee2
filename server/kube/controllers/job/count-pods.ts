// From a Job's status and its pods, what has been done and what goes on. Nothing is written here.
//
// A pod that has ended is first named in status.uncountedTerminatedPods, then loses its finalizer, and only then becomes
// a number: so that it counts once, wherever this loop is stopped. Indexed Jobs keep the successful indexes instead.
// Upstream: kubernetes/pkg/controller/job/job_controller.go trackJobStatusAndRemoveFinalizers.

import type { Job } from 'kubernetes-types/batch/v1'
import type { Pod } from 'kubernetes-types/core/v1'
import { parseIndexes } from '../../kinds/batch/indexes.ts'
import { isTerminated } from '../pod-state.ts'
import { finishedAt } from './back-off.ts'
import { ruleOn } from './failure-policy.ts'
import { failuresBefore, indexOf, isIndexed, isTracked, triesBefore } from './job-pods.ts'

export interface Counts {
  succeeded: number
  failed: number
  uncounted: { succeeded: string[]; failed: string[] }
  active: Pod[]
  terminating: Pod[]
  /** Counted, or never to be: their finalizers may go once this has been written. */
  done: Pod[]
  completed: Set<number>
  failedIndexes: Set<number>
  /** By index, the last that failed: it alone knows how often its index has, until there is the next. */
  replaced: Map<number, Pod>
  /** Those that had ended and that nobody had counted before. */
  ended: { succeeded: Pod[]; failed: Pod[] }
  /** Why a rule ends the Job. */
  failJob: string | undefined
}

export const replacesOnlyFailed = ({ spec }: Job) =>
  spec?.podFailurePolicy !== undefined || spec?.podReplacementPolicy === 'Failed'

/** On its way out is as good as failed, unless the Job waits until it is known. */
const hasFailed = (job: Job, { status, metadata }: Pod) =>
  status?.phase === 'Failed' ||
  (!replacesOnlyFailed(job) && metadata?.deletionTimestamp !== undefined && status?.phase !== 'Succeeded')

export function countPods(job: Job, pods: readonly Pod[], now: number): Counts {
  const { status = {}, spec } = job
  const completions = spec?.completions ?? 0
  const counts: Counts = {
    succeeded: status.succeeded ?? 0,
    failed: status.failed ?? 0,
    uncounted: { succeeded: [], failed: [] },
    active: pods.filter((pod) => !isTerminated(pod) && !pod.metadata?.deletionTimestamp),
    terminating: pods.filter((pod) => !isTerminated(pod) && pod.metadata?.deletionTimestamp),
    done: [],
    completed: setOf(status.completedIndexes, completions),
    failedIndexes: setOf(status.failedIndexes, completions),
    replaced: new Map(),
    ended: { succeeded: [], failed: [] },
    failJob: undefined,
  }
  const byUid = new Map(pods.map((pod) => [pod.metadata?.uid ?? '', pod]))
  for (const end of ['succeeded', 'failed'] as const) {
    for (const uid of status.uncountedTerminatedPods?.[end] ?? []) {
      const pod = byUid.get(uid)
      if (!pod || !isTracked(pod)) counts[end]++
      else {
        counts.uncounted[end].push(uid)
        counts.done.push(pod)
      }
    }
  }
  const open = uncounted(pods, counts)
  counts.ended.succeeded = open.filter(({ status }) => status?.phase === 'Succeeded')
  counts.ended.failed = open.filter((pod) => hasFailed(job, pod))
  for (const pod of counts.ended.succeeded) countSuccess(job, pod, counts)
  for (const pod of counts.ended.failed) judge(job, pod, counts)
  if (spec?.backoffLimitPerIndex !== undefined) counts.replaced = toReplace(job, counts, now)
  const waiting = new Set(counts.replaced.values())
  for (const pod of counts.ended.failed) if (!waiting.has(pod)) countFailure(job, pod, counts)
  if (isIndexed(job)) counts.succeeded = counts.completed.size
  return counts
}

/** When the Job is over or deleted, none of its pods is waited for; where it has failed, those that ran fail with it. */
export function countTheRest(job: Job, pods: readonly Pod[], counts: Counts, areFailed: boolean): void {
  for (const pod of uncounted(pods, counts)) {
    if (areFailed || hasFailed(job, pod)) countFailure(job, pod, counts)
    else counts.done.push(pod)
  }
}

function uncounted(pods: readonly Pod[], { done }: Counts): Pod[] {
  const known = new Set(done)
  return pods.filter((pod) => isTracked(pod) && !known.has(pod))
}

const isWanted = (job: Job, index: number | undefined): index is number =>
  index !== undefined && index < (job.spec?.completions ?? 0)

function countSuccess(job: Job, pod: Pod, counts: Counts): void {
  const index = indexOf(pod)
  counts.done.push(pod)
  if (!isIndexed(job)) counts.uncounted.succeeded.push(pod.metadata?.uid ?? '')
  else if (isWanted(job, index) && !counts.failedIndexes.has(index)) counts.completed.add(index)
}

/** Whether its failure counts: not where a rule says to ignore it, nor when nobody wants its index. */
export const isCounted = (job: Job, pod: Pod) =>
  ruleOn(job.spec!, pod).action !== 'Ignore' && (!isIndexed(job) || isWanted(job, indexOf(pod)))

function countFailure(job: Job, pod: Pod, counts: Counts): void {
  counts.done.push(pod)
  if (isCounted(job, pod)) counts.uncounted.failed.push(pod.metadata?.uid ?? '')
}

/** Whether the Job, or its index, fails with it. */
function judge(job: Job, pod: Pod, counts: Counts): void {
  const { action, message } = ruleOn(job.spec!, pod)
  if (action === 'FailJob') counts.failJob ??= message
  const index = indexOf(pod)
  const { backoffLimitPerIndex: limit } = job.spec ?? {}
  if (limit === undefined || !isWanted(job, index)) return
  if (action === 'FailIndex' || (action !== 'Ignore' && failuresBefore(pod) >= limit)) counts.failedIndexes.add(index)
}

function toReplace(job: Job, { ended, active, completed, failedIndexes }: Counts, now: number): Map<number, Pod> {
  const settled = new Set([...completed, ...failedIndexes, ...active.map(indexOf)])
  const last = new Map<number, Pod>()
  for (const pod of ended.failed) {
    const index = indexOf(pod)
    if (!isWanted(job, index) || settled.has(index)) continue
    const other = last.get(index)
    const isLater = !other || (triesBefore(pod) >= triesBefore(other) && finishedAt(pod, now) >= finishedAt(other, now))
    if (isLater) last.set(index, pod)
  }
  return last
}

function setOf(text: string | undefined, completions: number): Set<number> {
  const parsed = parseIndexes(text ?? '', completions)
  return new Set(typeof parsed === 'string' ? [] : parsed)
}

/** The rule of a success policy that is met; undefined when none is. */
export function successRule({ spec }: Job, completed: ReadonlySet<number>): number | undefined {
  const rules = completed.size > 0 ? (spec?.successPolicy?.rules ?? []) : []
  const met = rules.findIndex(({ succeededIndexes, succeededCount }) => {
    const wanted = succeededIndexes === undefined ? completed : setOf(succeededIndexes, spec?.completions ?? 0)
    const reached = [...wanted].filter((index) => completed.has(index)).length
    return wanted.size > 0 && reached >= (succeededCount ?? wanted.size)
  })
  return met < 0 ? undefined : met
}
