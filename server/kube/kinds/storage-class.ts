// The StorageClass: a kind of storage, and who makes volumes of it. Upstream: kubernetes/pkg/registry/storage/storageclass.

import type { StorageClass as Wire } from 'kubernetes-types/storage/v1'
import { immutable, oneOf } from '../apimachinery/field-checks.ts'
import { ageColumn, defineKind } from './define-kind.ts'
import { topologiesErrors } from './storage/allowed-topologies.ts'
import { parameterErrors, provisionerErrors } from './storage/csi-names.ts'
import { classWarnings } from './storage/storage-warnings.ts'

const DEFAULT_ANNOTATIONS = [
  'storageclass.kubernetes.io/is-default-class',
  'storageclass.beta.kubernetes.io/is-default-class',
]

export const isDefaultStorageClass = ({ metadata }: Wire): boolean =>
  DEFAULT_ANNOTATIONS.some((annotation) => metadata?.annotations?.[annotation] === 'true')

export const StorageClass = defineKind<Wire>({
  group: 'storage.k8s.io',
  version: 'v1',
  kind: 'StorageClass',
  plural: 'storageclasses',
  shortNames: ['sc'],
  namespaced: false,
  strategy: {
    warnings: classWarnings,
    returnsDeletedObject: true,
    setDefaults(storageClass) {
      storageClass.reclaimPolicy ??= 'Delete'
      storageClass.volumeBindingMode ??= 'Immediate'
    },
    validate: ({ provisioner, parameters, reclaimPolicy, volumeBindingMode, allowedTopologies = [] }) => [
      ...provisionerErrors('provisioner', provisioner),
      ...parameterErrors(parameters, { mayBeEmpty: true }),
      ...(reclaimPolicy ? oneOf('reclaimPolicy', reclaimPolicy, ['Delete', 'Retain']) : []),
      ...oneOf('volumeBindingMode', volumeBindingMode, ['Immediate', 'WaitForFirstConsumer']),
      ...topologiesErrors(allowedTopologies),
    ],
    validateUpdate: (next, previous) =>
      (['parameters', 'provisioner', 'reclaimPolicy', 'volumeBindingMode'] as const).flatMap((field) =>
        immutable(field, next[field], previous[field]),
      ),
  },
  columns: [
    {
      name: 'Name',
      type: 'string',
      format: 'name',
      field: 'metadata.name',
      value: (storageClass) =>
        `${storageClass.metadata?.name ?? ''}${isDefaultStorageClass(storageClass) ? ' (default)' : ''}`,
    },
    { name: 'Provisioner', field: 'provisioner', value: ({ provisioner }) => provisioner },
    { name: 'ReclaimPolicy', field: 'reclaimPolicy', value: ({ reclaimPolicy }) => reclaimPolicy ?? 'Delete' },
    {
      name: 'VolumeBindingMode',
      field: 'volumeBindingMode',
      value: ({ volumeBindingMode }) => volumeBindingMode ?? 'Immediate',
    },
    {
      name: 'AllowVolumeExpansion',
      field: 'allowVolumeExpansion',
      value: ({ allowVolumeExpansion }) => allowVolumeExpansion ?? false,
    },
    ageColumn,
  ],
})
