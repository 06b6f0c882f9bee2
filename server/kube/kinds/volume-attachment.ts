// The VolumeAttachment: this volume shall be at that node. Upstream: kubernetes/pkg/registry/storage/volumeattachment.

import type { VolumeAttachmentSource, VolumeAttachment as Wire } from 'kubernetes-types/storage/v1'
import { immutable, problemsAt } from '../apimachinery/field-checks.ts'
import { dnsSubdomainProblems } from '../apimachinery/names.ts'
import { type FieldError, fieldError } from '../apimachinery/status-error.ts'
import { ageColumn, defineKind, nameColumn, SENT_METADATA } from './define-kind.ts'
import { volumeSpecErrors } from './persistent-volume.ts'
import { driverNameErrors } from './storage/csi-names.ts'

export const VolumeAttachment = defineKind<Wire>({
  group: 'storage.k8s.io',
  version: 'v1',
  kind: 'VolumeAttachment',
  plural: 'volumeattachments',
  namespaced: false,
  subresources: ['status'],
  strategy: {
    requiresResourceVersion: true,
    keptByStatusUpdates: SENT_METADATA,
    returnsDeletedObject: true,
    prepareForCreate(attachment) {
      Object.assign(attachment, { status: { attached: false } })
    },
    validate: ({ spec }) => [
      ...(spec?.attacher ? [] : [fieldError.required('spec.attacher')]),
      ...sourceErrors(spec?.source ?? {}, 'spec.source'),
      ...problemsAt('spec.nodeName', spec?.nodeName ?? '', dnsSubdomainProblems(spec?.nodeName ?? '')),
    ],
    validateCreate: ({ spec }) => driverNameErrors('spec.attacher', spec?.attacher),
    validateUpdate: (next, previous) => immutable('spec', next.spec, previous.spec),
  },
  columns: [
    nameColumn,
    { name: 'Attacher', format: 'name', value: ({ spec }) => spec?.attacher },
    { name: 'PV', value: ({ spec }) => spec?.source?.persistentVolumeName ?? '' },
    { name: 'Node', value: ({ spec }) => spec?.nodeName },
    { name: 'Attached', value: ({ status }) => status?.attached ?? false },
    ageColumn,
  ],
})

const EXACTLY_ONE = 'must specify exactly one of inlineVolumeSpec and persistentVolumeName'

function sourceErrors(source: VolumeAttachmentSource, at: string): FieldError[] {
  const { inlineVolumeSpec, persistentVolumeName } = source
  if (inlineVolumeSpec && persistentVolumeName !== undefined) return [fieldError.forbidden(at, EXACTLY_ONE)]
  if (inlineVolumeSpec) return volumeSpecErrors(inlineVolumeSpec, `${at}.inlineVolumeSpec`)
  if (persistentVolumeName === undefined) return [fieldError.required(at, EXACTLY_ONE)]
  return persistentVolumeName === ''
    ? [fieldError.required(`${at}.persistentVolumeName`, 'must specify non empty persistentVolumeName')]
    : []
}
