// Where a volume's bytes are: exactly one of many kinds of places. Upstream: pkg/apis/core/validation
// ValidatePersistentVolumeSpec and the validate…VolumeSource functions.

import type { PersistentVolumeSpec } from 'kubernetes-types/core/v1'
import { oneOf } from '../../apimachinery/field-checks.ts'
import { type FieldError, fieldError } from '../../apimachinery/status-error.ts'
import { driverNameErrors } from './csi-names.ts'

/** All fields of a spec that are no place. */
const OTHER_FIELDS = new Set([
  'accessModes',
  'capacity',
  'claimRef',
  'mountOptions',
  'nodeAffinity',
  'persistentVolumeReclaimPolicy',
  'storageClassName',
  'volumeAttributesClassName',
  'volumeMode',
])
const HOST_PATH_TYPES = [
  'BlockDevice',
  'CharDevice',
  'Directory',
  'DirectoryOrCreate',
  'File',
  'FileOrCreate',
  'Socket',
]

export const volumeSourceOf = (spec: PersistentVolumeSpec | undefined): Record<string, unknown> =>
  Object.fromEntries(
    Object.entries(spec ?? {}).filter(([field, value]) => !OTHER_FIELDS.has(field) && value !== undefined),
  )

export function volumeSourceErrors(spec: PersistentVolumeSpec, at: string): FieldError[] {
  const [first, ...more] = Object.keys(volumeSourceOf(spec))
  if (!first) return [fieldError.required(at, 'must specify a volume type')]
  return [
    ...more.map((source) => fieldError.forbidden(`${at}.${source}`, 'may not specify more than 1 volume type')),
    ...placeErrors(spec, at),
    ...affinityErrors(spec, at),
  ]
}

function placeErrors({ hostPath, local, nfs, csi }: PersistentVolumeSpec, at: string): FieldError[] {
  const errors: FieldError[] = []
  if (hostPath) {
    errors.push(...pathErrors(`${at}.hostPath.path`, hostPath.path))
    if (hostPath.type) errors.push(...oneOf(`${at}.hostPath.type`, hostPath.type, HOST_PATH_TYPES))
  }
  if (local) errors.push(...pathErrors(`${at}.local.path`, local.path))
  if (nfs) {
    if (!nfs.server) errors.push(fieldError.required(`${at}.nfs.server`))
    if (!nfs.path) errors.push(fieldError.required(`${at}.nfs.path`))
    else if (!nfs.path.startsWith('/')) {
      errors.push(fieldError.invalid(`${at}.nfs.path`, nfs.path, 'must be an absolute path'))
    }
  }
  if (csi) {
    errors.push(...driverNameErrors(`${at}.csi.driver`, csi.driver))
    if (!csi.volumeHandle) errors.push(fieldError.required(`${at}.csi.volumeHandle`))
  }
  return errors
}

function pathErrors(field: string, path: string | undefined): FieldError[] {
  if (!path) return [fieldError.required(field)]
  return path.split('/').includes('..') ? [fieldError.invalid(field, path, "must not contain '..'")] : []
}

function affinityErrors({ nodeAffinity, local }: PersistentVolumeSpec, at: string): FieldError[] {
  const field = `${at}.nodeAffinity`
  if (!nodeAffinity) return local ? [fieldError.required(field, 'Local volume requires node affinity')] : []
  const { required } = nodeAffinity
  if (!required) return [fieldError.required(`${field}.required`, 'must specify required node constraints')]
  return (required.nodeSelectorTerms ?? []).length > 0
    ? []
    : [fieldError.required(`${field}.required.nodeSelectorTerms`, 'must have at least one node selector term')]
}
