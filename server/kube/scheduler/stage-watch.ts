// A watch on whole stages of a decision, all plug-ins together: what `scheduler_framework_extension_point_duration_seconds`
// counts, for every pod. Single plug-ins are timed now and then only: timed-plugins.ts.

import type { Rejection } from './framework.ts'

/** Upstream's names. */
export type Stage =
  | 'PreFilter'
  | 'Filter'
  | 'PostFilter'
  | 'PreScore'
  | 'Score'
  | 'Reserve'
  | 'Permit'
  | 'PreBind'
  | 'Bind'
export type StageStatus = 'Success' | 'Error' | 'Wait' | 'Unschedulable' | 'UnschedulableAndUnresolvable'

/** Does the work and tells how long it took; what throws or rejects is an error. */
export type StageWatch = <T>(stage: Stage, work: () => T, status?: (result: Awaited<T>) => StageStatus) => T

export const unwatched: StageWatch = (_stage, work) => work()

export function statusOf(rejection: Rejection | undefined): StageStatus {
  if (!rejection) return 'Success'
  return rejection.unresolvable ? 'UnschedulableAndUnresolvable' : 'Unschedulable'
}
