// The VolumeAttributesClass: settings of volumes that may be changed while they are in use.
// Upstream: kubernetes/pkg/registry/storage/volumeattributesclass.

import { deepEqual } from '../apimachinery/deep.ts'
import type { KubeObject } from '../apimachinery/object-meta.ts'
import { fieldError } from '../apimachinery/status-error.ts'
import { ageColumn, defineKind, nameColumn } from './define-kind.ts'
import { parameterErrors, provisionerErrors } from './storage/csi-names.ts'

const IS_DEFAULT = 'volumeattributesclass.alpha.kubernetes.io/is-default-class'

interface Wire extends KubeObject {
  driverName?: string
  parameters?: Record<string, string>
}

export const VolumeAttributesClass = defineKind<Wire>({
  group: 'storage.k8s.io',
  version: 'v1',
  kind: 'VolumeAttributesClass',
  plural: 'volumeattributesclasses',
  shortNames: ['vac'],
  namespaced: false,
  strategy: {
    returnsDeletedObject: true,
    validate: ({ driverName, parameters }) => [
      ...provisionerErrors('driverName', driverName),
      ...parameterErrors(parameters, { mayBeEmpty: false }),
    ],
    validateUpdate: (next, previous) =>
      (['driverName', 'parameters'] as const)
        .filter((field) => !deepEqual(next[field] ?? null, previous[field] ?? null))
        .map((field) => fieldError.forbidden(field, `updates to ${field} are forbidden.`)),
  },
  columns: [
    {
      ...nameColumn,
      value: ({ metadata: { name = '', annotations } = {} }) =>
        annotations?.[IS_DEFAULT] === 'true' ? `${name} (default)` : name,
    },
    { name: 'DriverName', field: 'driverName', value: ({ driverName }) => driverName },
    ageColumn,
  ],
})
