// The PersistentVolume: a piece of storage that outlives pods. Upstream: kubernetes/pkg/registry/core/persistentvolume.

import { posix } from 'node:path'
import type { PersistentVolumeSpec, PersistentVolume as Wire } from 'kubernetes-types/core/v1'
import { deepEqual } from '../apimachinery/deep.ts'
import { differenceOf } from '../apimachinery/difference.ts'
import { immutable, oneOf, problemsAt, quantityErrors } from '../apimachinery/field-checks.ts'
import { dnsSubdomainProblems } from '../apimachinery/names.ts'
import { type FieldError, fieldError } from '../apimachinery/status-error.ts'
import { ageColumn, defineKind, nameColumn } from './define-kind.ts'
import { defaultSource } from './pod-template/pod-defaults.ts'
import { affinityChangeErrors } from './storage/affinity-change.ts'
import { belowNothing } from './storage/claim-status.ts'
import { volumeSourceErrors, volumeSourceOf } from './storage/persistent-volume-source.ts'
import { volumeWarnings } from './storage/storage-warnings.ts'
import { accessModeErrors, shownAccessModes, shownPhase, storageClassOf, VOLUME_MODES } from './storage/volumes.ts'

const RECLAIM_POLICIES = ['Delete', 'Recycle', 'Retain']

export const PersistentVolume = defineKind<Wire>({
  version: 'v1',
  kind: 'PersistentVolume',
  plural: 'persistentvolumes',
  shortNames: ['pv'],
  namespaced: false,
  subresources: ['status'],
  strategy: {
    warnings: volumeWarnings,
    returnsDeletedObject: true,
    setDefaults({ spec }) {
      if (!spec) return
      spec.persistentVolumeReclaimPolicy ||= 'Retain'
      spec.volumeMode ??= 'Filesystem'
      if (spec.hostPath) spec.hostPath.type ??= ''
      defaultSource(spec)
    },
    prepareForCreate(volume, occasion) {
      const status = { phase: 'Pending', ...(occasion && { lastPhaseTransitionTime: occasion.now }) }
      Object.assign(volume, { status })
    },
    // Whoever changes the phase and says nothing of when, does it now.
    prepareForStatusUpdate(next, previous, { now }) {
      const [status, before] = [next.status ?? {}, previous.status ?? {}]
      const { lastPhaseTransitionTime: was } = before
      const isTold = status.lastPhaseTransitionTime && status.lastPhaseTransitionTime !== was
      const lastPhaseTransitionTime = isTold
        ? status.lastPhaseTransitionTime
        : status.phase === before.phase
          ? was
          : now
      Object.assign(next, { status: { ...status, ...(lastPhaseTransitionTime && { lastPhaseTransitionTime }) } })
    },
    validate: ({ spec }) => volumeSpecErrors(spec ?? {}, 'spec'),
    validateUpdate(next, previous) {
      const before = volumeSourceOf(previous.spec)
      const source = withSecretOf(before, volumeSourceOf(next.spec))
      const isMoved = !deepEqual(source, before)
      const errors = isMoved
        ? [
            fieldError.forbidden(
              'spec.persistentvolumesource',
              `spec.persistentvolumesource is immutable after creation\n${differenceOf(before, source)}`,
            ),
          ]
        : []
      errors.push(...immutable('volumeMode', next.spec?.volumeMode, previous.spec?.volumeMode))
      if (previous.spec?.nodeAffinity) {
        errors.push(...affinityChangeErrors(next.spec?.nodeAffinity, previous.spec.nodeAffinity))
      }
      const name = 'volumeAttributesClassName'
      if (previous.spec?.[name] !== undefined && next.spec?.[name] === undefined) {
        errors.push(fieldError.forbidden(`spec.${name}`, 'update from non-nil value to nil is forbidden'))
      }
      return errors
    },
  },
  columns: [
    nameColumn,
    { name: 'Capacity', field: 'spec.capacity', value: ({ spec }) => spec?.capacity?.storage ?? '0' },
    { name: 'Access Modes', field: 'spec.accessModes', value: ({ spec }) => shownAccessModes(spec?.accessModes) },
    {
      name: 'Reclaim Policy',
      field: 'spec.persistentVolumeReclaimPolicy',
      value: ({ spec }) => spec?.persistentVolumeReclaimPolicy ?? '',
    },
    { name: 'Status', field: 'status.phase', value: shownPhase },
    {
      name: 'Claim',
      field: 'spec.claimRef',
      value: ({ spec }) => (spec?.claimRef ? `${spec.claimRef.namespace ?? ''}/${spec.claimRef.name ?? ''}` : ''),
    },
    { name: 'StorageClass', description: 'StorageClass of the pv', value: storageClassOf },
    {
      name: 'VolumeAttributesClass',
      description: 'VolumeAttributesClass of the pv',
      value: ({ spec }) => spec?.volumeAttributesClassName ?? '<unset>',
    },
    { name: 'Reason', field: 'status.reason', value: ({ status }) => status?.reason ?? '' },
    ageColumn,
    { name: 'VolumeMode', field: 'spec.volumeMode', priority: 1, value: ({ spec }) => spec?.volumeMode ?? '<unset>' },
  ],
})

/** The secret for making it larger may be told once, later. */
function withSecretOf(before: Record<string, unknown>, next: Record<string, unknown>): Record<string, unknown> {
  const [was, is] = [before.csi, next.csi] as ({ controllerExpandSecretRef?: unknown } | undefined)[]
  if (!was || !is || was.controllerExpandSecretRef !== undefined) return next
  const { controllerExpandSecretRef: _told, ...csi } = is
  return { ...next, csi }
}

/** Also of a volume that a VolumeAttachment describes itself, which is a driver's and says nothing of whoever claims it. */
export function volumeSpecErrors(spec: PersistentVolumeSpec, at: string, { isInline = false } = {}): FieldError[] {
  const { accessModes = [], persistentVolumeReclaimPolicy: reclaim, hostPath } = spec
  const errors = isInline ? inlineErrors(spec, at) : []
  if (accessModes.length === 0) errors.push(fieldError.required(`${at}.accessModes`))
  errors.push(...accessModeErrors(`${at}.accessModes`, accessModes))
  if (!isInline) {
    errors.push(...capacityErrors(spec, at))
    if (reclaim) errors.push(...oneOf(`${at}.persistentVolumeReclaimPolicy`, reclaim, RECLAIM_POLICIES))
  }
  errors.push(...volumeSourceErrors(isInline ? { ...spec, nodeAffinity: undefined } : spec, at))
  if (hostPath && posix.normalize(hostPath.path).replace(/(.)\/+$/, '$1') === '/' && reclaim === 'Recycle') {
    errors.push(
      fieldError.forbidden(`${at}.persistentVolumeReclaimPolicy`, "may not be 'recycle' for a hostPath mount of '/'"),
    )
  }
  const { storageClassName, volumeMode, volumeAttributesClassName: attributes } = spec
  if (storageClassName && !isInline) {
    errors.push(...problemsAt(`${at}.storageClassName`, storageClassName, dnsSubdomainProblems(storageClassName)))
  }
  if (volumeMode !== undefined && !isInline) errors.push(...oneOf(`${at}.volumeMode`, volumeMode, VOLUME_MODES))
  if (attributes === undefined) return errors
  const field = `${at}.volumeAttributesClassName`
  if (attributes === '') errors.push(fieldError.required(field, 'an empty string is disallowed'))
  else errors.push(...problemsAt(field, attributes, dnsSubdomainProblems(attributes)))
  if (!spec.csi) {
    errors.push(fieldError.required(`${at}.csi`, 'has to be specified when using volumeAttributesClassName'))
  }
  return errors
}

function capacityErrors({ capacity: given }: PersistentVolumeSpec, at: string): FieldError[] {
  const capacity = given ?? {}
  const resources = Object.keys(capacity)
  const errors = resources.length === 0 ? [fieldError.required(`${at}.capacity`)] : []
  if (!capacity.storage || resources.length > 1) {
    errors.push(fieldError.notSupported(`${at}.capacity`, given ?? null, ['storage']))
  }
  for (const [resource, amount] of Object.entries(capacity)) {
    const field = `${at}.capacity[${resource}]`
    errors.push(...belowNothing(field, amount), ...quantityErrors(field, amount, { positive: true }))
  }
  return errors
}

function inlineErrors(spec: PersistentVolumeSpec, at: string): FieldError[] {
  const here = 'in the context of inline volumes'
  const { capacity = {}, claimRef, csi, nodeAffinity, storageClassName, volumeMode = 'Filesystem' } = spec
  const { persistentVolumeReclaimPolicy: reclaim = 'Retain' } = spec
  const forbid = (field: string, why: string) => fieldError.forbidden(`${at}.${field}`, `${why} ${here}`)
  const told = 'may not be specified'
  return [
    ...(claimRef ? [forbid('claimRef', told)] : []),
    ...(Object.keys(capacity).length > 0 ? [forbid('capacity', told)] : []),
    ...(csi ? [] : [fieldError.required(`${at}.csi`, `has to be specified ${here}`)]),
    ...(reclaim === 'Retain' ? [] : [forbid('persistentVolumeReclaimPolicy', 'may only be Retain')]),
    ...(nodeAffinity ? [forbid('nodeAffinity', told)] : []),
    ...(storageClassName ? [forbid('storageClassName', told)] : []),
    ...(volumeMode === 'Filesystem' ? [] : [forbid('volumeMode', 'may not specify volumeMode other than Filesystem')]),
  ]
}
