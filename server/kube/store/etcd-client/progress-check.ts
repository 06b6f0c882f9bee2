// "You have been told of everything up to revision P": from which etcd can that be believed?
//
// Until 3.4.31 and 3.5.13 the answer to a request for progress can overtake events that are on their way to the same
// watch (etcd issue 15220). From such a member it is taken as a question: is the range at P what it was at the last
// revision that we were told of? Then nothing that is on its way matters to a reader. Upstream:
// apiserver/pkg/storage/feature/feature_support_checker.go, which for this reason does without.

import { keyToWire } from '../etcd-door/wire.ts'
import type { KeyRange } from '../key-range.ts'
import { CompactedError } from '../store-error.ts'
import type { EtcdConnection } from './connection.ts'
import { RANGE } from './methods.ts'
import { rangeToWire } from './requests.ts'

export function hasOrderedProgress(version: string): boolean {
  const [major = 0, minor = 0, patch = 0] = version.split('.').map((part) => Number.parseInt(part, 10))
  if (major !== 3 || minor > 5) return major >= 3
  return minor === 5 ? patch >= 13 : minor === 4 && patch >= 31
}

/** Whether the range holds at `now` exactly what it held `then`. */
export async function isUnchanged(
  connection: EtcdConnection,
  { key, rangeEnd }: KeyRange,
  { then, now }: { then: number; now: number },
): Promise<boolean> {
  if (then >= now) return true
  const range = { ...rangeToWire({ key }), range_end: keyToWire(rangeEnd ?? '') }
  const ask = (more: Partial<typeof range>) => connection.ask(RANGE, { ...range, ...more }, { isRead: true })
  try {
    // What was made or changed since and lives is found by its revision, what is gone by the number of keys.
    const changed = await ask({ revision: now, min_mod_revision: then + 1, keys_only: true, limit: 1 })
    if (changed.kvs.length > 0) return false
    const before = await ask({ revision: then, count_only: true })
    return before.count === changed.count
  } catch (error) {
    // Minutes without a single event: there is nothing on its way.
    if (error instanceof CompactedError) return true
    throw error
  }
}
