// Since when it is noted when tokens that lie in Secrets are used: who wants to be rid of old ones knows from it how long
// those that carry no date have been left alone. Upstream: kubernetes/pkg/controlplane/controller/legacytokentracking.

import type { ConfigMap as Wire } from 'kubernetes-types/core/v1'
import { type Clock, isoTime } from '../../../base/clock.ts'
import { isConflict, isNotFound } from '../../apimachinery/status-error.ts'
import { ConfigMap } from '../../kinds/config-map.ts'
import { createOnce, type Peek, type SystemPart } from './part.ts'

const NAMESPACE = 'kube-system'
const NAME = 'kube-apiserver-legacy-service-account-token-tracking'
/** Another server over the same store may not note such use, and take this away each time. */
const MAKE_AGAIN_MS = 30 * 60_000

export function legacyTokenTracking(clock: Clock): SystemPart {
  let mayMakeAt = Number.NEGATIVE_INFINITY
  return {
    hooks: ['start-legacy-token-tracking-controller'],
    isComplete(peek) {
      const there = thereOf(peek)
      return there ? isDay(there.data?.since) : clock.now() < mayMakeAt
    },
    async ensure(client, peek) {
      const since = isoTime(clock).slice(0, 10)
      const there = thereOf(peek)
      if (!there) {
        const object = { metadata: { namespace: NAMESPACE, name: NAME }, data: { since } }
        await createOnce(client, peek, { kind: ConfigMap, object })
        mayMakeAt = clock.now() + MAKE_AGAIN_MS
      } else if (!isDay(there.data?.since)) {
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

const thereOf = (peek: Peek) => peek(ConfigMap, NAMESPACE, NAME) as Wire | undefined

/** `2026-02-30` is none. */
function isDay(told = ''): boolean {
  const at = new Date(`${told}T00:00:00Z`)
  return /^\d{4}-\d\d-\d\d$/.test(told) && !Number.isNaN(at.getTime()) && at.toISOString().startsWith(told)
}
