// EventRateLimit: whoever writes Events faster than the configuration allows is told to wait.
// Upstream: kubernetes/plugin/pkg/admission/eventratelimit.

import type { Event } from 'kubernetes-types/core/v1'
import type { Clock } from '../../../../base/clock.ts'
import { StatusError } from '../../../apimachinery/status-error.ts'
import type { AdmissionPlugin, AdmissionRequest } from '../admission.ts'
import type { EventLimit } from '../settings.ts'

export function eventRateLimit(limits: readonly EventLimit[]): AdmissionPlugin {
  const enforced = limits.map((limit) => ({ limit, buckets: new Map<string, Bucket>() }))
  return {
    name: 'EventRateLimit',
    handles: ({ operation, kind }) =>
      kind.kind === 'Event' && (operation === 'CREATE' || operation === 'UPDATE') && limits.length > 0,
    validate(request, { clock }) {
      if (request.dryRun) return
      const refused = enforced.filter(({ limit, buckets }) => !take(limit, buckets, keyOf(limit, request), clock))
      if (refused.length === 0) return
      const said = refused.map(({ limit }) => `limit reached on type ${limit.type} for key ${keyOf(limit, request)}`)
      throw new StatusError('TooManyRequests', said.length === 1 ? said[0]! : `[${said.join(', ')}]`)
    },
  }
}

interface Bucket {
  left: number
  at: number
}

/** The buckets that were used last are kept. */
function take({ qps, burst, cacheSize }: EventLimit, buckets: Map<string, Bucket>, key: string, clock: Clock): boolean {
  const now = clock.monotonic()
  const { left, at } = buckets.get(key) ?? { left: burst, at: now }
  const filled = Math.min(burst, left + ((now - at) / 1000) * qps)
  buckets.delete(key)
  buckets.set(key, { left: filled >= 1 ? filled - 1 : filled, at: now })
  const [oldest] = buckets.keys()
  if (buckets.size > cacheSize && oldest !== undefined) buckets.delete(oldest)
  return filled >= 1
}

function keyOf({ type }: EventLimit, { namespace, user, object }: AdmissionRequest): string {
  if (type === 'Namespace') return namespace
  if (type === 'User') return user.name
  if (type === 'Server') return ''
  const { source, involvedObject: about } = object as Event
  return [source?.component, source?.host, about.kind, about.namespace, about.name, about.uid, about.apiVersion].join(
    '',
  )
}
