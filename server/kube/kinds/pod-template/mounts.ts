// Where a container finds the pod's volumes: mounted, or raw. Upstream: pkg/apis/core/validation ValidateVolumeMounts,
// ValidateVolumeDevices.

import type { VolumeMount } from 'kubernetes-types/core/v1'
import { oneOf } from '../../apimachinery/field-checks.ts'
import { type FieldError, fieldError } from '../../apimachinery/status-error.ts'
import { descendingPath } from '../storage/paths.ts'
import type { Container, Volume } from './newer-fields.ts'

export type Volumes = ReadonlyMap<string, Volume>

export function mountErrors(container: Container, at: string, volumes: Volumes): FieldError[] {
  const { volumeMounts = [], volumeDevices = [], securityContext } = container
  const list = `${at}.volumeMounts`
  const devices = new Set(volumeDevices.map((device) => device.name))
  const devicePaths = new Set(volumeDevices.map((device) => device.devicePath))
  const paths = new Set<string>()
  return volumeMounts.flatMap((mount, index) => {
    const here = `${list}[${index}]`
    const { name = '', mountPath = '', subPath, subPathExpr, mountPropagation } = mount
    const errors: FieldError[] = []
    if (!name) errors.push(fieldError.required(`${here}.name`))
    if (!volumes.has(name)) errors.push(fieldError.notFound(`${here}.name`, name))
    if (!mountPath) errors.push(fieldError.required(`${here}.mountPath`))
    if (paths.has(mountPath)) errors.push(fieldError.invalid(`${here}.mountPath`, mountPath, 'must be unique'))
    paths.add(mountPath)
    if (devices.has(name)) {
      errors.push(fieldError.invalid(`${here}.name`, name, 'must not already exist in volumeDevices'))
    }
    if (devicePaths.has(mountPath)) {
      const why = 'must not already exist as a path in volumeDevices'
      errors.push(fieldError.invalid(`${here}.mountPath`, mountPath, why))
    }
    // Upstream tells the following of the whole list.
    if (subPath) errors.push(...descendingPath(`${list}.subPath`, subPath))
    if (subPathExpr && subPath) {
      const why = 'subPathExpr and subPath are mutually exclusive'
      errors.push(fieldError.invalid(`${here}.subPathExpr`, subPathExpr, why))
    }
    if (subPathExpr) errors.push(...descendingPath(`${list}.subPathExpr`, subPathExpr))
    if (mountPropagation !== undefined) {
      const field = `${list}.mountPropagation`
      errors.push(...oneOf(field, mountPropagation, ['Bidirectional', 'HostToContainer', 'None']))
      if (mountPropagation === 'Bidirectional' && !securityContext?.privileged) {
        const why = 'Bidirectional mount propagation is available only to privileged containers'
        errors.push(fieldError.forbidden(field, why))
      }
    }
    return [...errors, ...readOnlyErrors(mount, `${list}.recursiveReadOnly`)]
  })
}

function readOnlyErrors({ recursiveReadOnly, readOnly, mountPropagation }: VolumeMount, field: string): FieldError[] {
  if (recursiveReadOnly === undefined || recursiveReadOnly === 'Disabled') return []
  if (recursiveReadOnly !== 'Enabled' && recursiveReadOnly !== 'IfPossible') {
    return [fieldError.notSupported(field, recursiveReadOnly, ['Disabled', 'Enabled', 'IfPossible'])]
  }
  const errors = readOnly ? [] : [fieldError.forbidden(field, 'may only be specified when readOnly is true')]
  if (mountPropagation !== undefined && mountPropagation !== 'None') {
    errors.push(fieldError.forbidden(field, 'may only be specified when mountPropagation is None or not specified'))
  }
  return errors
}

export function deviceErrors({ volumeDevices = [], volumeMounts = [] }: Container, at: string, volumes: Volumes) {
  const mounts = new Set(volumeMounts.map((mount) => mount.name))
  const mountPaths = new Set(volumeMounts.map((mount) => mount.mountPath))
  const names = new Set<string>()
  const paths = new Set<string>()
  return volumeDevices.flatMap(({ name = '', devicePath = '' }, index) => {
    const here = `${at}.volumeDevices[${index}]`
    const errors: FieldError[] = []
    const wrongName = (why: string) => errors.push(fieldError.invalid(`${here}.name`, name, why))
    const wrongPath = (why: string) => errors.push(fieldError.invalid(`${here}.devicePath`, devicePath, why))
    const volume = volumes.get(name)
    if (!name) errors.push(fieldError.required(`${here}.name`))
    if (names.has(name)) wrongName('must be unique')
    if (!volume) errors.push(fieldError.notFound(`${here}.name`, name))
    else if (!volume.persistentVolumeClaim && !volume.ephemeral) {
      wrongName('can only use volume source type of PersistentVolumeClaim or Ephemeral for block mode')
    }
    if (!devicePath) errors.push(fieldError.required(`${here}.devicePath`))
    if (paths.has(devicePath)) wrongPath('must be unique')
    if (devicePath.split('/').includes('..')) wrongPath("can not contain backsteps ('..')")
    else paths.add(devicePath)
    if (mounts.has(name)) wrongName('must not already exist in volumeMounts')
    if (mountPaths.has(devicePath)) wrongPath('must not already exist as a path in volumeMounts')
    if (name) names.add(name)
    return errors
  })
}
