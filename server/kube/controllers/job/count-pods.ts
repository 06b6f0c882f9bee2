// From a Job's status and its pods, what has been done and what goes on. Nothing is written here.
//
// A pod that has ended is first named in status.uncountedTerminatedPods, then loses its finalizer, and only then becomes
// a number: so that it counts once, wherever this loop is stopped. Indexed Jobs keep the successful indexes instead.
// Upstream: kubernetes/pkg/controller/job/job_controller.go trackJobStatusAndRemoveFinalizers.

import type { Job } from 'kubernetes-types/batch/v1'
import type { Pod } from 'kubernetes-types/core/v1'
import { parseIndexes } from '../../kinds/batch/indexes.ts'
import { isTerminated } from '../pod-state.ts'
import { ruleOn } from './failure-policy.ts'
import { failuresBefore, indexOf, isIndexed, isTracked } from './job-pods.ts'

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
  /** Failures by index that were not ignored, for the next pod of that index. */
  failuresOf: Map<number, number>
  /** Why a rule ends the Job. */
  failJob: string | undefined
}

export const replacesOnlyFailed = ({ spec }: Job) =>
  spec?.podFailurePolicy !== undefined || spec?.podReplacementPolicy === 'Failed'

/** On its way out is as good as failed, unless the Job waits until it is known. */
const hasFailed = (job: Job, { status, metadata }: Pod) =>
  status?.phase === 'Failed' ||
  (!replacesOnlyFailed(job) && metadata?.deletionTimestamp !== undefined && status?.phase !== 'Succeeded')

export function countPods(job: Job, pods: readonly Pod[]): Counts {
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
    failuresOf: new Map(),
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
  const named = new Set([...counts.uncounted.succeeded, ...counts.uncounted.failed])
  for (const pod of pods) {
    if (!isTracked(pod) || named.has(pod.metadata?.uid ?? '')) continue
    if (pod.status?.phase === 'Succeeded') countSuccess(job, pod, counts)
    else if (hasFailed(job, pod)) countFailure(job, pod, counts, pods)
  }
  if (isIndexed(job)) counts.succeeded = counts.completed.size
  return counts
}

function countSuccess(job: Job, pod: Pod, counts: Counts): void {
  const index = indexOf(pod)
  counts.done.push(pod)
  if (!isIndexed(job)) counts.uncounted.succeeded.push(pod.metadata?.uid ?? '')
  else if (index !== undefined && index < (job.spec?.completions ?? 0) && !counts.failedIndexes.has(index)) {
    counts.completed.add(index)
  }
}

function countFailure(job: Job, pod: Pod, counts: Counts, pods: readonly Pod[]): void {
  const ruling = ruleOn(job.spec!, pod)
  const index = indexOf(pod)
  const isIgnored = ruling.action === 'Ignore'
  if (ruling.action === 'FailJob') counts.failJob ??= ruling.message
  if (index !== undefined && job.spec?.backoffLimitPerIndex !== undefined) {
    const failures = failuresBefore(pod) + (isIgnored ? 0 : 1)
    counts.failuresOf.set(index, Math.max(failures, counts.failuresOf.get(index) ?? 0))
    if (ruling.action === 'FailIndex' || failures > job.spec.backoffLimitPerIndex) counts.failedIndexes.add(index)
    // It is the only one who knows how often its index has failed, until there is the next.
    else if (!isFollowed(pod, counts, pods)) return
  }
  counts.done.push(pod)
  if (!isIgnored) counts.uncounted.failed.push(pod.metadata?.uid ?? '')
}

/** Whether the next one came, and knows: it may have ended before anybody saw it run. */
const isFollowed = (pod: Pod, { active, completed }: Counts, pods: readonly Pod[]) =>
  completed.has(indexOf(pod) ?? -1) ||
  active.some((other) => indexOf(other) === indexOf(pod)) ||
  pods.some((other) => indexOf(other) === indexOf(pod) && failuresBefore(other) > failuresBefore(pod))

function setOf(text: string | undefined, completions: number): Set<number> {
  const parsed = parseIndexes(text ?? '', completions)
  return new Set(typeof parsed === 'string' ? [] : parsed)
}

/** The rule of a success policy that is met; undefined when none is. */
export function successRule({ spec }: Job, completed: ReadonlySet<number>): number | undefined {
  const rules = spec?.successPolicy?.rules ?? []
  const met = rules.findIndex(({ succeededIndexes, succeededCount }) => {
    const wanted = succeededIndexes === undefined ? completed : setOf(succeededIndexes, spec?.completions ?? 0)
    const reached = [...wanted].filter((index) => completed.has(index)).length
    return reached >= (succeededCount ?? wanted.size)
  })
  return met < 0 ? undefined : met
}
