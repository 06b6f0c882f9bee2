// How long the next pod has to wait after failures: 10 s, 20 s, 40 s … 10 minutes.
// Upstream: kubernetes/pkg/controller/job/backoff_utils.go.

import type { Job } from 'kubernetes-types/batch/v1'
import type { ContainerStatus, Pod } from 'kubernetes-types/core/v1'
import { keyOf } from '../../apimachinery/object-meta.ts'
import { sidecarStatuses } from '../pod-state.ts'

const FIRST_DELAY_MS = 10_000
const LONGEST_DELAY_MS = 10 * 60_000

/** How many pods failed since one succeeded, and when the last of them did. */
export interface Failures {
  count: number
  lastAt: number
}

type Uid = string | undefined

interface Ended {
  succeeded: readonly Pod[]
  failed: readonly Pod[]
}

/** Pods that have failed are deleted, by people too: what they made the next one wait for is kept in memory. */
export class RememberedFailures {
  readonly #known = new Map<string, { uid: Uid; failures: Failures; counted: ReadonlySet<Uid> }>()

  /** With pods that have ended and are not counted yet. Where nothing is remembered, those that are there tell it. */
  inARow(job: Job, pods: readonly Pod[], ended: Ended, now: number): Failures {
    const known = this.#known.get(keyOf(job))
    if (!known || known.uid !== job.metadata?.uid) {
      const succeeded = pods.filter(({ status }) => status?.phase === 'Succeeded')
      const failed = pods.filter((pod) => pod.status?.phase === 'Failed' || ended.failed.includes(pod))
      return failuresInARow({ count: 0, lastAt: 0 }, { succeeded, failed }, now)
    }
    const isNew = ({ metadata }: Pod) => !known.counted.has(metadata?.uid)
    const since = { succeeded: ended.succeeded.filter(isNew), failed: ended.failed.filter(isNew) }
    return failuresInARow(known.failures, since, now)
  }

  keep(job: Job, { succeeded, failed }: Ended, failures: Failures): void {
    const counted = new Set([...succeeded, ...failed].map(({ metadata }) => metadata?.uid))
    this.#known.set(keyOf(job), { uid: job.metadata?.uid, failures, counted })
  }

  forget(key: string): void {
    this.#known.delete(key)
  }
}

/** With those that have ended since. */
export function failuresInARow(before: Failures, { succeeded, failed }: Ended, now: number): Failures {
  const times = failed.map((pod) => finishedAt(pod, now)).sort((a, b) => a - b)
  if (succeeded.length === 0) {
    return { count: before.count + times.length, lastAt: times.at(-1) ?? before.lastAt }
  }
  const success = Math.max(...succeeded.map((pod) => finishedAt(pod, now)))
  const since = times.filter((time) => time > success)
  return { count: since.length, lastAt: since.at(-1) ?? 0 }
}

export function delayLeftMs({ count, lastAt }: Failures, now: number): number {
  if (count === 0) return 0
  return Math.max(0, lastAt + Math.min(FIRST_DELAY_MS * 2 ** (count - 1), LONGEST_DELAY_MS) - now)
}

/** Of one that was deleted before it ended, when that was asked for. */
export function finishedAt(pod: Pod, now: number): number {
  const { status, metadata } = pod
  const ended = lastEnd(sidecarStatuses(pod), lastEnd(status?.containerStatuses ?? [], -Infinity))
  if (ended > -Infinity) return ended
  const ready = status?.conditions?.find(({ type }) => type === 'Ready')
  if (ready?.status === 'False' && ready.lastTransitionTime) return Date.parse(ready.lastTransitionTime)
  const { deletionTimestamp, deletionGracePeriodSeconds = 0, creationTimestamp } = metadata ?? {}
  if (deletionTimestamp) return Date.parse(deletionTimestamp) - Number(deletionGracePeriodSeconds) * 1000
  return Date.parse(creationTimestamp ?? '') || now
}

/** Nothing is known of it while one of them runs. */
function lastEnd(containers: readonly ContainerStatus[], before: number): number {
  const ends = containers.map(({ state }) => Date.parse(state?.terminated?.finishedAt ?? ''))
  return ends.some(Number.isNaN) ? -Infinity : Math.max(before, ...ends)
}
