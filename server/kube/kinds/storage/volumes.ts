// What PersistentVolume and PersistentVolumeClaim have in common. Upstream: pkg/apis/core/{validation,helper}.

import { oneOf } from '../../apimachinery/field-checks.ts'
import type { KubeObject } from '../../apimachinery/object-meta.ts'
import { type FieldError, fieldError } from '../../apimachinery/status-error.ts'

const SHORT_MODES: Readonly<Record<string, string>> = {
  ReadWriteOnce: 'RWO',
  ReadOnlyMany: 'ROX',
  ReadWriteMany: 'RWX',
  ReadWriteOncePod: 'RWOP',
}
const ONE_POD = 'ReadWriteOncePod'
/** How a class was named before there was a field for it. */
export const CLASS_ANNOTATION = 'volume.beta.kubernetes.io/storage-class'

export const PV_PROTECTION = 'kubernetes.io/pv-protection'
export const PVC_PROTECTION = 'kubernetes.io/pvc-protection'
export const VAC_PROTECTION = 'kubernetes.io/vac-protection'
export const VOLUME_MODES = ['Block', 'Filesystem']

export function accessModeErrors(field: string, modes: readonly string[]): FieldError[] {
  const errors = modes.flatMap((mode) => oneOf(field, mode, Object.keys(SHORT_MODES).sort()))
  if (modes.includes(ONE_POD) && modes.some((mode) => mode !== ONE_POD)) {
    errors.push(fieldError.forbidden(field, 'may not use ReadWriteOncePod with other access modes'))
  }
  return errors
}

/** `RWO,RWX` */
export const shownAccessModes = (modes: readonly string[] = []): string =>
  Object.keys(SHORT_MODES)
    .filter((mode) => modes.includes(mode))
    .map((mode) => SHORT_MODES[mode])
    .join(',')

export const storageClassOf = (object: KubeObject & { spec?: { storageClassName?: string } }): string =>
  object.metadata?.annotations?.[CLASS_ANNOTATION] ?? object.spec?.storageClassName ?? ''

/** An empty name is a choice too: no class at all. */
export const namesClass = ({
  metadata,
  spec,
}: KubeObject & { spec?: { storageClassName?: string } | undefined }): boolean =>
  metadata?.annotations?.[CLASS_ANNOTATION] !== undefined || spec?.storageClassName !== undefined

export const shownPhase = (object: KubeObject & { status?: { phase?: string } }): string =>
  object.metadata?.deletionTimestamp ? 'Terminating' : (object.status?.phase ?? '')
