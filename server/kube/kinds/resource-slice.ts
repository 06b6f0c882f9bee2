// The ResourceSlice: devices that a driver offers, on one node or on several.
// Upstream: kubernetes/pkg/registry/resource/resourceslice.

import { duplicatesAt, immutable, problemsAt } from '../apimachinery/field-checks.ts'
import { dnsLabelProblems, dnsSubdomainProblems } from '../apimachinery/names.ts'
import { type FieldError, fieldError } from '../apimachinery/status-error.ts'
import { ageColumn, defineKind, nameColumn } from './define-kind.ts'
import { driverErrors } from './devices/claim-rules.ts'
import type { Slice } from './devices/device-objects.ts'

const MOST_DEVICES = 128
const PLACES = 'exactly one of `nodeName`, `nodeSelector`, `allNodes`, `perDeviceNodeSelection`'

export const ResourceSlice = defineKind<Slice>({
  group: 'resource.k8s.io',
  version: 'v1',
  kind: 'ResourceSlice',
  plural: 'resourceslices',
  namespaced: false,
  hasGeneration: true,
  strategy: {
    returnsDeletedObject: true,
    validate: ({ spec }) => specErrors(spec ?? {}),
    validateUpdate: (next, previous) => [
      ...immutable('spec.pool.name', next.spec?.pool?.name, previous.spec?.pool?.name),
      ...immutable('spec.driver', next.spec?.driver, previous.spec?.driver),
      ...immutable('spec.nodeName', next.spec?.nodeName, previous.spec?.nodeName),
    ],
  },
  columns: [
    nameColumn,
    { name: 'Node', value: ({ spec }) => spec?.nodeName ?? '' },
    { name: 'Driver', value: ({ spec }) => spec?.driver },
    { name: 'Pool', value: ({ spec }) => spec?.pool?.name },
    ageColumn,
  ],
  selectableFields: {
    'spec.nodeName': ({ spec }) => spec?.nodeName ?? '',
    'spec.driver': ({ spec }) => spec?.driver ?? '',
  },
})

function specErrors({ driver, pool = {}, devices = [], ...place }: NonNullable<Slice['spec']>): FieldError[] {
  const { nodeName, nodeSelector, allNodes, perDeviceNodeSelection } = place
  const errors = driverErrors(driver, 'spec.driver')
  if (!pool.name) errors.push(fieldError.required('spec.pool.name'))
  else {
    const parts = pool.name.split('/')
    errors.push(...parts.flatMap((part) => problemsAt('spec.pool.name', pool.name, dnsSubdomainProblems(part))))
  }
  if ((pool.resourceSliceCount ?? 0) <= 0) {
    const why = 'must be greater than zero'
    errors.push(fieldError.invalid('spec.pool.resourceSliceCount', pool.resourceSliceCount ?? 0, why))
  }
  if ((pool.generation ?? 0) < 0) {
    const why = 'must be greater than or equal to zero'
    errors.push(fieldError.invalid('spec.pool.generation', pool.generation, why))
  }
  const places = [nodeName, nodeSelector, allNodes, perDeviceNodeSelection].filter(Boolean).length
  if (places === 0) errors.push(fieldError.required('spec', `${PLACES} is required`))
  if (places > 1) errors.push(fieldError.invalid('spec', null, `${PLACES} is required, but multiple fields are set`))
  if (nodeName) errors.push(...problemsAt('spec.nodeName', nodeName, dnsSubdomainProblems(nodeName)))
  if (devices.length > MOST_DEVICES) {
    const message = `Too many: ${devices.length}: must have at most ${MOST_DEVICES} items`
    errors.push({ reason: 'FieldValueTooMany', field: 'spec.devices', message })
  }
  const names = devices.map(({ name = '' }) => name)
  const field = (index: number) => `spec.devices[${index}].name`
  return [
    ...errors,
    ...names.flatMap((name, index) =>
      name ? problemsAt(field(index), name, dnsLabelProblems(name)) : [fieldError.required(field(index))],
    ),
    ...duplicatesAt(field, names),
  ]
}
