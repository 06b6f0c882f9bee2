// Who deletes a volume whose claim has gone: whoever made it, its driver, or the binder, which can do it for directories of
// a machine alone. Upstream: pv_controller.go findDeletablePlugin.

import type { PersistentVolume as Volume } from 'kubernetes-types/core/v1'
import { PROVISIONED_BY } from '../../kinds/storage/volume-binding.ts'

const MIGRATED_TO = 'pv.kubernetes.io/migrated-to'
const IN_TREE = 'kubernetes.io/'
const HOST_PATH = 'kubernetes.io/host-path'

const makerOf = ({ metadata }: Volume) => metadata?.annotations?.[PROVISIONED_BY] ?? ''

/** A driver has taken it over. */
export const isMigrated = ({ metadata }: Volume) => !!metadata?.annotations?.[MIGRATED_TO]

export function isDeletedByOthers(volume: Volume): boolean {
  const maker = makerOf(volume)
  return maker ? !maker.startsWith(IN_TREE) : volume.spec?.csi !== undefined
}

/** Undefined of what may be deleted here. */
export function whyNotDeletable(volume: Volume): string | undefined {
  const maker = makerOf(volume)
  const { hostPath, nfs } = volume.spec ?? {}
  if (maker && maker !== HOST_PATH) return `no volume plugin matched name: ${maker}`
  if (!hostPath) {
    const why = nfs ? 'no deletable volume plugin matched' : 'no volume plugin matched'
    return `error getting deleter volume plugin for volume "${volume.metadata?.name}": ${why}`
  }
  return /\/tmp\/./.test(hostPath.path)
    ? undefined
    : `host_path deleter only supports /tmp/.+ but received provided ${hostPath.path}`
}
