// Limits of what a pod may write on its machine's disk: nothing stops it, so whoever is found above goes.
// Upstream: pkg/kubelet/eviction/eviction_manager.go, localStorageEviction.

import type { Pod } from 'kubernetes-types/core/v1'
import { Quantity, quantityOf } from '../../apimachinery/quantity.ts'
import { type PodUsage, usedOf } from './pod-usage.ts'

const STORAGE = 'ephemeral-storage'

/** Whether anything of the pod has to be measured at all. */
export function hasLocalLimits({ spec }: Pod): boolean {
  return (
    (spec?.volumes ?? []).some(({ emptyDir }) => emptyDir?.sizeLimit !== undefined) ||
    (spec?.containers ?? []).some(({ resources }) => resources?.limits?.[STORAGE] !== undefined)
  )
}

/** What to evict it with; undefined while it keeps within its limits. */
export function localLimitExceeded({ spec }: Pod, usage: PodUsage): { message: string; signal: string } | undefined {
  for (const { name, emptyDir } of spec?.volumes ?? []) {
    const limit = quantityOf(emptyDir?.sizeLimit)
    const used = usage.volumes.get(name)?.bytes ?? 0
    if (limit.number > 0 && used > limit.number) {
      const message = `Usage of EmptyDir volume "${name}" exceeds the limit "${limit}". `
      return { message, signal: 'emptydirfs.limit' }
    }
  }
  const limits = (spec?.containers ?? []).map(({ name, resources }) => ({
    name,
    limit: resources?.limits?.[STORAGE] === undefined ? undefined : quantityOf(resources.limits[STORAGE]),
  }))
  const known = limits.flatMap(({ limit }) => (limit ? [limit] : []))
  const nanos = known.reduce((sum, limit) => sum + limit.nanos, 0n)
  const total = new Quantity(nanos, known[0]?.form ?? 'binary')
  if (known.length > 0 && usedOf(usage, STORAGE) > total.number) {
    const message = `Pod ephemeral local storage usage exceeds the total limit of containers ${total}. `
    return { message, signal: 'ephemeralpodfs.limit' }
  }
  for (const { name, limit } of limits) {
    const used = usage.containers.find((one) => one.name === name)?.disk.bytes ?? 0
    if (limit && limit.number > 0 && used > limit.number) {
      const message = `Container ${name} exceeded its local ephemeral storage limit "${limit}". `
      return { message, signal: 'ephemeralcontainerfs.limit' }
    }
  }
  return undefined
}
