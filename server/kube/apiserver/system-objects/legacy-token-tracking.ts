// Since when it is noted when tokens that lie in Secrets are used: who wants to be rid of old ones knows from it how long
// those that carry no date have been left alone. Upstream: kubernetes/pkg/controlplane/controller/legacytokentracking.

import type { ConfigMap as Wire } from 'kubernetes-types/core/v1'
import type { Clock } from '../../../base/clock.ts'
import { isConflict, isNotFound } from '../../apimachinery/status-error.ts'
import { ConfigMap } from '../../kinds/config-map.ts'
import { dayOf, startOfDay, TRACKING } from '../../kinds/legacy-token.ts'
import { createOnce, type Peek, type SystemPart } from './part.ts'

/** Another server over the same store may not note such use, and take this away each time. */
const MAKE_AGAIN_MS = 30 * 60_000

export function legacyTokenTracking(clock: Clock): SystemPart {
  let mayMakeAt = Number.NEGATIVE_INFINITY
  return {
    hooks: ['start-legacy-token-tracking-controller'],
    isComplete(peek) {
      const there = thereOf(peek)
      return there ? startOfDay(there.data?.since) !== undefined : clock.now() < mayMakeAt
    },
    async ensure(client, peek) {
      const since = dayOf(clock.now())
      const there = thereOf(peek)
      if (!there) {
        const object = { metadata: { ...TRACKING }, data: { since } }
        await createOnce(client, peek, { kind: ConfigMap, object })
        mayMakeAt = clock.now() + MAKE_AGAIN_MS
      } else if (startOfDay(there.data?.since) === undefined) {
        await client
          .of(ConfigMap)
          .update({ ...there, data: { ...there.data, since } })
          .catch((err) => {
            // Whoever was quicker is looked at in the next turn.
            if (!isNotFound(err) && !isConflict(err)) throw err
          })
      }
    },
  }
}

const thereOf = (peek: Peek) => peek(ConfigMap, TRACKING.namespace, TRACKING.name) as Wire | undefined
