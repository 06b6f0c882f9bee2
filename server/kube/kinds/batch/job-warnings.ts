// What is said of a Job as a whole, beside what is said of its pods. Upstream: pkg/api/job/warnings.go.

import type { JobSpec } from 'kubernetes-types/batch/v1'

const MANY_COMPLETIONS = 100_000
const MANY_AT_ONCE = 10_000

export function jobSizeWarnings({ completionMode, completions = 0, parallelism = 0 }: JobSpec, at: string): string[] {
  if (completionMode !== 'Indexed' || completions <= MANY_COMPLETIONS || parallelism <= MANY_AT_ONCE) return []
  return [
    `${at}: In Indexed Jobs with a number of completions higher than 10^5 and a parallelism higher than 10^4, ` +
      'Kubernetes might not be able to track completedIndexes when a big number of indexes fail',
  ]
}
