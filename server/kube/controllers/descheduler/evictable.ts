// Which pods may be sent away for a better place: those that somebody makes anew, that are not critical, and that leave
// nothing behind. Upstream: kubernetes-sigs/descheduler, pkg/framework/plugins/defaultevictor.

import type { Pod } from 'kubernetes-types/core/v1'
import { controllerOf } from '../../apimachinery/object-meta.ts'
import { isTerminated } from '../pod-state.ts'

/** Whoever says so may go in any case. */
const MAY_GO = 'descheduler.alpha.kubernetes.io/evict'
const MIRROR = 'kubernetes.io/config.mirror'
/** From here on priorities are the system's own. */
const SYSTEM_PRIORITY = 2_000_000_000

export function isEvictable(pod: Pod): boolean {
  const { metadata, spec } = pod
  const annotations = metadata?.annotations ?? {}
  const owner = controllerOf(pod)
  if (isTerminated(pod) || metadata?.deletionTimestamp || annotations[MIRROR] !== undefined) return false
  if (owner?.kind === 'DaemonSet' || owner?.kind === 'Node') return false
  if (annotations[MAY_GO] !== undefined) return true
  const keepsData = (spec?.volumes ?? []).some(({ emptyDir, hostPath }) => emptyDir || hostPath)
  return owner !== undefined && (spec?.priority ?? 0) < SYSTEM_PRIORITY && !keepsData
}
