// One device of a slice: its attributes, capacity, taints, what it consumes and where it can be used.
// Upstream: pkg/apis/resource/validation validateDevice.

import { deepEqual } from '../../apimachinery/deep.ts'
import { type FieldError, fieldError } from '../../apimachinery/status-error.ts'
import { nodeSelectorErrors } from '../pod-template/node-selector.ts'
import { capacityErrors } from './capacity-rules.ts'
import type { Attribute, Device } from './device-objects.ts'
import { listErrors, mapErrors, setErrors } from './lists.ts'
import { labelErrors, nodeNameErrors, qualifiedNameErrors } from './names.ts'
import { bindingErrors, taintErrors } from './shared-rules.ts'

const MOST_ATTRIBUTES = 32
const MOST_VALUES = 48
const MOST_TAINTS = 16
const MOST_CONSUMPTIONS = 2
const MOST_COUNTERS = 32
const LONGEST_VALUE = 64
const LISTS = ['bools', 'ints', 'strings', 'versions'] as const
const SINGLE = ['bool', 'int', 'string', 'version'] as const
/** semver.org, 2.0.0 */
const VERSION =
  /^(0|[1-9]\d*)\.(0|[1-9]\d*)\.(0|[1-9]\d*)(-(0|[1-9]\d*|\d*[a-zA-Z-][0-9a-zA-Z-]*)(\.(0|[1-9]\d*|\d*[a-zA-Z-][0-9a-zA-Z-]*))*)?(\+[0-9a-zA-Z-]+(\.[0-9a-zA-Z-]+)*)?$/
const PLACES =
  'exactly one of `nodeName`, `nodeSelector`, or `allNodes` is required when `perDeviceNodeSelection` is set to true in the ResourceSlice spec'
const NO_PLACE =
  '`nodeName`, `nodeSelector` and `allNodes` can only be set if `perDeviceNodeSelection` is set to true in the ResourceSlice spec'

/** Fewer of them fit into a slice. */
export const needsMuch = ({ taints = [], consumesCounters = [], attributes = {} }: Device): boolean =>
  taints.length > 0 ||
  consumesCounters.length > 0 ||
  Object.values(attributes).some((attribute) => LISTS.some((field) => attribute[field] !== undefined))

export function deviceErrors(
  device: Device,
  at: string,
  { previous, isPlacedAlone }: { previous: Device | undefined; isPlacedAlone: boolean },
): FieldError[] {
  const { attributes = {}, capacity = {}, taints = [], consumesCounters = [] } = device
  const errors = labelErrors(device.name, `${at}.name`)
  const told = Object.keys(attributes).length + Object.keys(capacity).length
  if (told > MOST_ATTRIBUTES) {
    const why = `the total number of attributes and capacities must not exceed ${MOST_ATTRIBUTES}`
    errors.push(fieldError.invalid(at, told, why))
  }
  const values = Object.values(attributes).reduce((sum, attribute) => sum + valuesOf(attribute), 0)
  if (values > MOST_VALUES) {
    errors.push(fieldError.invalid(at, values, `the total number of attribute values must not exceed ${MOST_VALUES}`))
  }
  errors.push(
    ...mapErrors(attributes, `${at}.attributes`, { keyErrors: qualifiedNameErrors, errorsOf: attributeErrors }),
  )
  if (!deepEqual(previous?.capacity ?? {}, capacity)) {
    const isShared = device.allowMultipleAllocations ?? false
    const errorsOf = (one: (typeof capacity)[string], here: string) => capacityErrors(one, here, { isShared })
    errors.push(...mapErrors(capacity, `${at}.capacity`, { keyErrors: qualifiedNameErrors, errorsOf }))
  }
  if (!deepEqual(previous?.taints ?? [], taints)) {
    errors.push(...listErrors(taints, `${at}.taints`, { most: MOST_TAINTS, errorsOf: taintErrors }))
  }
  return [
    ...errors,
    ...setErrors(consumesCounters, `${at}.consumesCounters`, {
      most: MOST_CONSUMPTIONS,
      keyOf: ({ counterSet = '' }) => counterSet,
      errorsOf: ({ counterSet, counters = {} }, here) => [
        ...(counterSet ? labelErrors(counterSet, `${here}.counterSet`) : [fieldError.required(`${here}.counterSet`)]),
        ...counterErrors(counters, `${here}.counters`),
      ],
    }),
    ...placeErrors(device, at, isPlacedAlone),
    ...bindingErrors(device, at),
  ]
}

/** Any amount is one. */
export const counterErrors = (counters: Readonly<Record<string, unknown>>, at: string): FieldError[] =>
  Object.keys(counters).length === 0
    ? [fieldError.required(at)]
    : mapErrors(counters, at, { most: MOST_COUNTERS, keyErrors: labelErrors, errorsOf: () => [] })

/** An empty list counts for one. */
const valuesOf = (attribute: Attribute): number =>
  LISTS.reduce((sum, field) => sum + (attribute[field]?.length ?? 0), 0) || 1

function attributeErrors(attribute: Attribute, at: string): FieldError[] {
  const { string, version, strings = [], versions = [] } = attribute
  const errors: FieldError[] = []
  if (string !== undefined) errors.push(...textErrors(string, `${at}.string`))
  if (version !== undefined) errors.push(...versionErrors(version, `${at}.version`))
  for (const field of LISTS) {
    const values = attribute[field]
    if (values?.length === 0)
      errors.push(fieldError.invalid(`${at}.${field}`, values, 'must not be empty if specified'))
    if (field === 'strings') errors.push(...listErrors(strings, `${at}.strings`, { errorsOf: textErrors }))
    if (field === 'versions') errors.push(...listErrors(versions, `${at}.versions`, { errorsOf: versionErrors }))
  }
  const told = [...SINGLE, ...LISTS].filter((field) => attribute[field] !== undefined)
  if (told.length === 1) return errors
  return [...errors, fieldError.invalid(at, told.length === 0 ? '' : attribute, 'exactly one value must be specified')]
}

const textErrors = (text: string, at: string): FieldError[] =>
  Buffer.byteLength(text) > LONGEST_VALUE ? [fieldError.tooLong(at, LONGEST_VALUE)] : []

const versionErrors = (version: string, at: string): FieldError[] => [
  ...(VERSION.test(version)
    ? []
    : [fieldError.invalid(at, version, 'must be a string compatible with semver.org spec 2.0.0')]),
  ...textErrors(version, at),
]

function placeErrors({ nodeName, nodeSelector, allNodes }: Device, at: string, isPlacedAlone: boolean): FieldError[] {
  if (!isPlacedAlone) {
    const isPlaced = nodeName !== undefined || nodeSelector !== undefined || allNodes !== undefined
    return isPlaced ? [fieldError.invalid(at, null, NO_PLACE)] : []
  }
  const errors = nodeNameErrors(nodeName, `${at}.nodeName`, 'must not be empty')
  if (nodeSelector) errors.push(...nodeSelectorErrors(nodeSelector, `${at}.nodeSelector`))
  if (allNodes === false) {
    errors.push(fieldError.invalid(`${at}.allNodes`, allNodes, 'must be either unset or set to true'))
  }
  const told = Object.entries({ nodeName, nodeSelector, allNodes }).filter(([, value]) => value)
  if (told.length === 0) errors.push(fieldError.required(at, PLACES))
  if (told.length > 1) {
    errors.push(fieldError.invalid(at, `{${told.map(([field]) => `\`${field}\``).join(', ')}}`, PLACES))
  }
  return errors
}
