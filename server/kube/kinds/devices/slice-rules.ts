// What a driver may offer: devices with what is known of them, and counters that they share.
// Upstream: pkg/apis/resource/validation validateResourceSliceSpec, validateDevice.

import { type FieldError, fieldError } from '../../apimachinery/status-error.ts'
import { nodeSelectorErrors } from '../pod-template/node-selector.ts'
import { driverNameErrors } from '../storage/csi-names.ts'
import type { Slice } from './device-objects.ts'
import { counterErrors, deviceErrors, needsMuch } from './device-rules.ts'
import { setErrors } from './lists.ts'
import { labelErrors, nodeNameErrors, poolErrors } from './names.ts'

type Spec = NonNullable<Slice['spec']>

const MOST_DEVICES = 128
/** Of those that take more to look at. */
const MOST_DEMANDING_DEVICES = 64
const MOST_COUNTER_SETS = 8
const PLACES = 'exactly one of `nodeName`, `nodeSelector`, `allNodes`, `perDeviceNodeSelection`'
const NOT_TRUE = 'must be either unset or set to true'

export function sliceErrors(spec: Spec, previous: Spec | undefined): FieldError[] {
  const { driver, pool = {}, devices, sharedCounters, perDeviceNodeSelection = false } = spec
  const errors = [...driverNameErrors('spec.driver', driver), ...poolErrors(pool.name, 'spec.pool.name')]
  if ((pool.resourceSliceCount ?? 0) <= 0) {
    const why = 'must be greater than zero'
    errors.push(fieldError.invalid('spec.pool.resourceSliceCount', pool.resourceSliceCount ?? 0, why))
  }
  if ((pool.generation ?? 0) < 0) {
    const why = 'must be greater than or equal to zero'
    errors.push(fieldError.invalid('spec.pool.generation', pool.generation, why))
  }
  errors.push(...placeErrors(spec))
  if (sharedCounters && devices) {
    errors.push(fieldError.invalid('spec', '', 'only one of `sharedCounters` or `devices` is allowed'))
  }
  const before = new Map((previous?.devices ?? []).map((device) => [device.name, device]))
  return [
    ...errors,
    ...setErrors(devices ?? [], 'spec.devices', {
      most: devices?.some(needsMuch) ? MOST_DEMANDING_DEVICES : MOST_DEVICES,
      keyOf: ({ name = '' }) => name,
      errorsOf: (device, at) =>
        deviceErrors(device, at, { previous: before.get(device.name), isPlacedAlone: perDeviceNodeSelection }),
    }),
    ...setErrors(sharedCounters ?? [], 'spec.sharedCounters', {
      most: MOST_COUNTER_SETS,
      keyOf: ({ name = '' }) => name,
      errorsOf: ({ name, counters = {} }, at) => [
        ...(name ? labelErrors(name, `${at}.name`) : [fieldError.required(`${at}.name`)]),
        ...counterErrors(counters, `${at}.counters`),
      ],
    }),
  ]
}

function placeErrors(spec: Spec): FieldError[] {
  const { nodeName, nodeSelector, allNodes, perDeviceNodeSelection } = spec
  const errors = nodeNameErrors(nodeName, 'spec.nodeName', 'must be either unset or set to a non-empty string')
  if (nodeSelector) {
    errors.push(...nodeSelectorErrors(nodeSelector, 'spec.nodeSelector'))
    const { nodeSelectorTerms: terms = [] } = nodeSelector
    if (terms.length !== 1) {
      const why = 'must have exactly one node selector term'
      errors.push(fieldError.invalid('spec.nodeSelector.nodeSelectorTerms', terms, why))
    }
  }
  for (const [field, value] of Object.entries({ allNodes, perDeviceNodeSelection })) {
    if (value === false) errors.push(fieldError.invalid(`spec.${field}`, value, NOT_TRUE))
  }
  const told = Object.entries({ nodeName, nodeSelector, allNodes, perDeviceNodeSelection }).filter(([, value]) => value)
  if (told.length === 0) errors.push(fieldError.required('spec', `${PLACES} is required`))
  if (told.length > 1) {
    const names = `{${told.map(([field]) => `\`${field}\``).join(', ')}}`
    errors.push(fieldError.invalid('spec', names, `${PLACES} is required, but multiple fields are set`))
  }
  return errors
}
