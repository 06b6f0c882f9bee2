// A request to bind whose answer got lost may have been done all the same. Until that is known the pod keeps the room that it was
// given: what the watch tells of it may come late, and others would be sent there too.

import type { Pod as CorePod } from 'kubernetes-types/core/v1'
import type { Clock } from '../../base/clock.ts'
import { isNotFound, StatusError } from '../apimachinery/status-error.ts'
import type { Client } from '../client/client.ts'
import { Pod } from '../kinds/pod.ts'

const FIRST_WAIT_MS = 1_000
const LONGEST_WAIT_MS = 10_000

/** The server answered, and not that it gave up waiting. */
export const isKnown = (err: unknown): boolean => err instanceof StatusError && err.reason !== 'Timeout'

/** Asks until somebody answers, or the scheduler ends. */
export async function isBoundAfterAll(
  { metadata }: CorePod,
  node: string,
  { client, clock, isStopped }: { client: Client; clock: Clock; isStopped(): boolean },
): Promise<boolean> {
  const { namespace = '', name = '', uid } = metadata ?? {}
  for (let waitMs = FIRST_WAIT_MS; !isStopped(); waitMs = Math.min(2 * waitMs, LONGEST_WAIT_MS)) {
    try {
      const now = await client.of(Pod).get({ namespace, name })
      return now.metadata?.uid === uid && now.spec?.nodeName === node
    } catch (err) {
      if (isNotFound(err)) return false
      await clock.sleep(waitMs)
    }
  }
  return false
}
