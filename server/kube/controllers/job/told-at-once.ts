// How many pods that have ended a Job tells of in one turn: their names lie in its status until they are counted, and
// those that wait for smaller Jobs wait for this turn too. The others follow, as what is written brings the next turn.
// Upstream: kubernetes/pkg/controller/job/job_controller.go MaxUncountedPods.

import type { Job } from 'kubernetes-types/batch/v1'
import type { Pod } from 'kubernetes-types/core/v1'
import { parseIndexes } from '../../kinds/batch/indexes.ts'
import type { Counts } from './count-pods.ts'
import { indexOf, isIndexed } from './job-pods.ts'

const MOST = 500

/** Takes out of the counts those that have to wait, when all that follows from the counts is decided. */
export function tellOfSome(job: Job, counts: Counts, most = MOST): void {
  const { uncounted, done } = counts
  const named = new Set([...uncounted.succeeded, ...uncounted.failed])
  const before = new Set(indexesBefore(job))
  // Those that the status names already come first.
  const known = new Set(Object.values(job.status?.uncountedTerminatedPods ?? {}).flat())
  const order = isIndexed(job) ? (pod: Pod) => indexOf(pod) ?? -1 : () => 0
  const waiting = done.filter(({ metadata }) => !known.has(metadata?.uid ?? '')).sort((a, b) => order(a) - order(b))
  let room = most - [...named].filter((uid) => known.has(uid)).length
  const isTold = (pod: Pod) => {
    const index = indexOf(pod)
    const isNewIndex = index !== undefined && counts.completed.has(index) && !before.has(index)
    if (room > 0 && isNewIndex && pod.status?.phase === 'Succeeded') before.add(index)
    else if (room <= 0 || !named.has(pod.metadata?.uid ?? '')) return room > 0
    room--
    return true
  }
  const later = new Set(waiting.filter((pod) => !isTold(pod)))
  if (later.size === 0) return
  const uids = new Set([...later].map(({ metadata }) => metadata?.uid))
  counts.done = done.filter((pod) => !later.has(pod))
  for (const end of ['succeeded', 'failed'] as const) {
    uncounted[end] = uncounted[end].filter((uid) => !uids.has(uid))
  }
  if (!isIndexed(job)) return
  counts.completed = new Set([...counts.completed].filter((index) => before.has(index)))
  counts.succeeded = counts.completed.size
}

function indexesBefore({ spec, status }: Job): number[] {
  const parsed = parseIndexes(status?.completedIndexes ?? '', spec?.completions ?? 0)
  return typeof parsed === 'string' ? [] : [...parsed]
}
