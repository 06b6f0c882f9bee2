// Which pods may be sent away for a better place: those that somebody makes anew, that are not critical, and that leave
// nothing behind. Upstream: kubernetes-sigs/descheduler, pkg/framework/plugins/defaultevictor.

import type { Pod } from 'kubernetes-types/core/v1'
import { selectorOfObject } from '../../apimachinery/label-selector.ts'
import { controllerOf } from '../../apimachinery/object-meta.ts'
import { isTerminated } from '../pod-state.ts'
import type { Arguments } from './policy.ts'

/** Whoever says so may go in any case. */
const MAY_GO = 'descheduler.alpha.kubernetes.io/evict'
const MIRROR = 'kubernetes.io/config.mirror'
/** From here on priorities are the system's own. */
const SYSTEM_PRIORITY = 2_000_000_000

export function isEvictable(pod: Pod, told: Arguments['DefaultEvictor']): boolean {
  const { metadata, spec } = pod
  const annotations = metadata?.annotations ?? {}
  const owner = controllerOf(pod)
  if (isTerminated(pod) || metadata?.deletionTimestamp || annotations[MIRROR] !== undefined) return false
  if (owner?.kind === 'DaemonSet' || owner?.kind === 'Node') return false
  if (annotations[MAY_GO] !== undefined) return true
  const volumes = spec?.volumes ?? []
  const keepsData = !told.evictLocalStoragePods && volumes.some(({ emptyDir, hostPath }) => emptyDir || hostPath)
  const hasClaims = told.ignorePvcPods && volumes.some(({ persistentVolumeClaim }) => persistentVolumeClaim)
  const tooImportant = told.priorityThreshold?.value ?? SYSTEM_PRIORITY
  const mayGo = told.evictSystemCriticalPods || (spec?.priority ?? 0) < tooImportant
  const isMeant = selectorOfObject(told.labelSelector ?? {}).matches(metadata?.labels)
  return owner !== undefined && mayGo && isMeant && !keepsData && !hasClaims
}
