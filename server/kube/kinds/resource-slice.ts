// The ResourceSlice: devices that a driver offers, on one node or on several.
// Upstream: kubernetes/pkg/registry/resource/resourceslice.

import { immutable } from '../apimachinery/field-checks.ts'
import { ageColumn, defineKind, nameColumn, type Occasion } from './define-kind.ts'
import type { Slice } from './devices/device-objects.ts'
import { sliceErrors } from './devices/slice-rules.ts'

export const ResourceSlice = defineKind<Slice>({
  group: 'resource.k8s.io',
  version: 'v1',
  kind: 'ResourceSlice',
  plural: 'resourceslices',
  namespaced: false,
  hasGeneration: true,
  strategy: {
    returnsDeletedObject: true,
    prepareForCreate: dateTaints,
    prepareForUpdate: (next, _previous, occasion) => dateTaints(next, occasion),
    validate: ({ spec }, previous) => sliceErrors(spec ?? {}, previous?.spec),
    warnings: ({ spec }) => {
      const { driver = '' } = spec ?? {}
      if (driver === driver.toLowerCase()) return []
      return [`spec.driver: driver names should be lowercase; ${JSON.stringify(driver)} contains uppercase characters`]
    },
    validateUpdate: (next, previous) => [
      ...immutable('spec.pool.name', next.spec?.pool?.name, previous.spec?.pool?.name),
      ...immutable('spec.driver', next.spec?.driver, previous.spec?.driver),
      ...immutable('spec.nodeName', next.spec?.nodeName, previous.spec?.nodeName),
    ],
  },
  columns: [
    nameColumn,
    { name: 'Node', field: 'spec.nodeName', value: ({ spec }) => spec?.nodeName ?? '' },
    { name: 'Driver', field: 'spec.driver', value: ({ spec }) => spec?.driver },
    { name: 'Pool', field: 'spec.pool.name', value: ({ spec }) => spec?.pool?.name },
    ageColumn,
  ],
  selectableFields: {
    'spec.nodeName': ({ spec }) => spec?.nodeName ?? '',
    'spec.driver': ({ spec }) => spec?.driver ?? '',
  },
})

/** A taint of whose beginning nothing is said begins now. Upstream: pkg/apis/resource/v1/defaults.go. */
function dateTaints({ spec }: Slice, occasion?: Occasion): void {
  if (!occasion) return
  for (const { taints = [] } of spec?.devices ?? []) for (const taint of taints) taint.timeAdded ??= occasion.now
}
