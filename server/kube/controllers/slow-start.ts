// Does something `count` times in batches of 1, 2, 4, 8 …, and stops after the first batch in which one failed:
// when quota or admission refuses, we learn it from one request and not from five hundred.
// Upstream: slowStartBatch in kubernetes/pkg/controller/replicaset/replica_set.go.

export interface BatchResult {
  succeeded: number
  failed: number
  /** Never tried, because an earlier batch had failures. */
  skipped: number
  /** The first failure. */
  error?: unknown
}

export async function slowStart(count: number, act: () => Promise<void>): Promise<BatchResult> {
  let remaining = count
  let succeeded = 0
  for (let size = Math.min(1, remaining); size > 0; size = Math.min(2 * size, remaining)) {
    const results = await Promise.allSettled(Array.from({ length: size }, act))
    remaining -= size
    const failures = results.filter((result) => result.status === 'rejected')
    succeeded += size - failures.length
    if (failures[0]) return { succeeded, failed: failures.length, skipped: remaining, error: failures[0].reason }
  }
  return { succeeded, failed: 0, skipped: 0 }
}
