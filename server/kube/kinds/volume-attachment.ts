// The VolumeAttachment: this volume shall be at that node. Upstream: kubernetes/pkg/registry/storage/volumeattachment.

import type { VolumeAttachmentSource, VolumeError, VolumeAttachment as Wire } from 'kubernetes-types/storage/v1'
import { deepEqual } from '../apimachinery/deep.ts'
import { problemsAt } from '../apimachinery/field-checks.ts'
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
    validate: ({ spec, status }) => [
      ...(spec?.attacher ? [] : [fieldError.required('spec.attacher')]),
      ...sourceErrors(spec?.source ?? {}, 'spec.source'),
      ...problemsAt('spec.nodeName', spec?.nodeName ?? '', dnsSubdomainProblems(spec?.nodeName ?? '')),
      ...statusErrors(status),
    ],
    validateCreate({ spec }) {
      const name = spec?.source?.persistentVolumeName
      return [
        ...driverNameErrors('spec.attacher', spec?.attacher),
        ...(name === undefined ? [] : problemsAt('spec.source.persistentVolumeName', name, dnsSubdomainProblems(name))),
      ]
    },
    validateUpdate: ({ spec }, previous) =>
      deepEqual(spec, previous.spec) ? [] : [fieldError.invalid('spec', inGo(spec), 'field is immutable')],
    validateStatusUpdate: ({ status }) => statusErrors(status),
  },
  columns: [
    nameColumn,
    { name: 'Attacher', field: 'spec.attacher', format: 'name', value: ({ spec }) => spec?.attacher },
    {
      name: 'PV',
      field: 'spec.source.persistentVolumeName',
      value: ({ spec }) => spec?.source?.persistentVolumeName ?? '',
    },
    { name: 'Node', field: 'spec.nodeName', value: ({ spec }) => spec?.nodeName },
    { name: 'Attached', type: 'boolean', field: 'status.attached', value: ({ status }) => status?.attached ?? false },
    ageColumn,
  ],
})

/** Upstream shows its own form of it, whose names are Go's; of a volume it describes itself the form of v1 serves. */
const inGo = ({ attacher, source, nodeName }: Wire['spec']) => ({
  Attacher: attacher,
  Source: {
    PersistentVolumeName: source.persistentVolumeName ?? null,
    InlineVolumeSpec: source.inlineVolumeSpec ?? null,
  },
  NodeName: nodeName,
})

const MOST_METADATA = 256 * 1024
const LONGEST_MESSAGE = 1024

function statusErrors({
  attachmentMetadata = {},
  attachError,
  detachError,
}: Partial<Wire['status']> = {}): FieldError[] {
  const size = Object.entries(attachmentMetadata).reduce((sum, pair) => sum + Buffer.byteLength(pair.join('')), 0)
  return [
    ...(size > MOST_METADATA ? [fieldError.tooLong('status.attachmentMetadata', MOST_METADATA)] : []),
    ...volumeErrorErrors(attachError, 'status.attachError'),
    ...volumeErrorErrors(detachError, 'status.detachError'),
  ]
}

function volumeErrorErrors({ message = '', errorCode = 0 }: VolumeError & { errorCode?: number } = {}, at: string) {
  // Upstream names the limit of something else.
  const errors =
    Buffer.byteLength(message) > LONGEST_MESSAGE ? [fieldError.tooLong(`${at}.message`, MOST_METADATA)] : []
  const why = 'must be between 0 and 2147483647, inclusive'
  return errorCode < 0 ? [...errors, fieldError.invalid(`${at}.errorCode`, errorCode, why)] : errors
}

const EXACTLY_ONE = 'must specify exactly one of inlineVolumeSpec and persistentVolumeName'

function sourceErrors(source: VolumeAttachmentSource, at: string): FieldError[] {
  const { inlineVolumeSpec, persistentVolumeName } = source
  if (inlineVolumeSpec && persistentVolumeName !== undefined) return [fieldError.forbidden(at, EXACTLY_ONE)]
  if (inlineVolumeSpec) return volumeSpecErrors(inlineVolumeSpec, `${at}.inlineVolumeSpec`, { isInline: true })
  if (persistentVolumeName === undefined) return [fieldError.required(at, EXACTLY_ONE)]
  return persistentVolumeName === ''
    ? [fieldError.required(`${at}.persistentVolumeName`, 'must specify non empty persistentVolumeName')]
    : []
}
