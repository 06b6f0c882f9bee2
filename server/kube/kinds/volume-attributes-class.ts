// The VolumeAttributesClass: settings of volumes that may be changed while they are in use.
// Upstream: kubernetes/pkg/registry/storage/volumeattributesclass.

import { deepEqual } from '../apimachinery/deep.ts'
import type { KubeObject } from '../apimachinery/object-meta.ts'
import { type FieldError, fieldError } from '../apimachinery/status-error.ts'
import { ageColumn, defineKind, nameColumn } from './define-kind.ts'
import { parameterErrors, provisionerErrors } from './storage/csi-names.ts'

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
    validate: classErrors,
    validateUpdate: (next, previous) => [
      ...(['driverName', 'parameters'] as const)
        .filter((field) => !deepEqual(next[field] ?? null, previous[field] ?? null))
        .map((field) => fieldError.forbidden(field, `updates to ${field} are forbidden.`)),
      // Upstream asks twice: what is wrong is told as two causes.
      ...classErrors(next),
    ],
  },
  columns: [nameColumn, { name: 'DriverName', field: 'driverName', value: ({ driverName }) => driverName }, ageColumn],
})

function classErrors({ driverName, parameters }: Wire): FieldError[] {
  return [...provisionerErrors('driverName', driverName), ...parameterErrors(parameters, { mayBeEmpty: false })]
}
