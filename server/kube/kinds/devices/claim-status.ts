// What may be told of a claim: which devices it got, who uses them, and how these are. Written by the scheduler, by the loop
// that looks after claims, and by drivers. Upstream: pkg/apis/resource/validation validateResourceClaimStatusUpdate.

import { conditionsErrors } from '../../apimachinery/condition-rules.ts'
import { deepEqual } from '../../apimachinery/deep.ts'
import { immutable, oneOf, repetition } from '../../apimachinery/field-checks.ts'
import { interfaceAddressProblems } from '../../apimachinery/ip-rules.ts'
import { type FieldError, fieldError } from '../../apimachinery/status-error.ts'
import { nodeSelectorErrors } from '../pod-template/node-selector.ts'
import { driverNameErrors } from '../storage/csi-names.ts'
import { referenceErrors, requestNameErrors, requestNames } from './claim-rules.ts'
import type { AllocatedDevice, Allocation, AllocationConfiguration, Claim, DeviceStatus } from './device-objects.ts'
import { listErrors, setErrors } from './lists.ts'
import { labelErrors, poolErrors, uidErrors } from './names.ts'
import { bindingErrors, configurationErrors, MOST_CONFIGURATIONS, rawErrors, tolerationErrors } from './shared-rules.ts'

export const MOST_CONSUMERS = 256
const MOST_DEVICES = 32
const MOST_CONDITIONS = 8
const MOST_ADDRESSES = 16
const LONGEST_INTERFACE = 256
const LONGEST_HARDWARE_ADDRESS = 128

export function claimStatusErrors(next: Claim, previous: Claim): FieldError[] {
  const { allocation, reservedFor = [], devices = [] } = next.status ?? {}
  const at = 'status.reservedFor'
  const allocated = new Set(allocation?.devices?.results?.map(idOf))
  const isRepeated = repetition()
  const errors = [
    ...setErrors(reservedFor, at, {
      most: MOST_CONSUMERS,
      keyOf: ({ uid }) => uid ?? '',
      errorsOf: (consumer, here) =>
        (['resource', 'name', 'uid'] as const)
          .filter((field) => !consumer[field])
          .map((field) => fieldError.required(`${here}.${field}`)),
    }),
    ...listErrors(devices, 'status.devices', { errorsOf: (device, here) => deviceErrors(device, here, allocated) }),
    ...devices.map(idOf).flatMap((id, index) => {
      return isRepeated(id)
        ? [unquoted('FieldValueDuplicate', `status.devices[${index}]`, `Duplicate value: ${id}`)]
        : []
    }),
  ]
  if (reservedFor.length > 0 && !allocation) {
    errors.push(fieldError.forbidden(at, 'may not be specified when `allocated` is not set'))
  }
  const before = previous.status?.reservedFor ?? []
  const isAdded = reservedFor.some((consumer) => !before.some((other) => deepEqual(other, consumer)))
  if (allocation && next.metadata?.deletionTimestamp && isAdded) {
    const why = 'new entries may not be added while `deallocationRequested` or `deletionTimestamp` are set'
    errors.push(fieldError.forbidden(at, why))
  }
  if (!allocation) return errors
  return previous.status?.allocation
    ? [...errors, ...immutable('status.allocation', allocation, previous.status.allocation)]
    : [...errors, ...allocationErrors(allocation, 'status.allocation', requestNames(next.spec))]
}

/** As upstream writes it, who does not quote it. */
const idOf = ({ driver, pool, device, shareID }: Pick<AllocatedDevice, 'driver' | 'pool' | 'device' | 'shareID'>) =>
  [driver, pool, device, ...(shareID ? [shareID] : [])].join('/')

const unquoted = (reason: FieldError['reason'], field: string, message: string): FieldError => ({
  reason,
  field,
  message,
})

function allocationErrors(
  { devices: { results = [], config = [] } = {}, nodeSelector }: Allocation,
  at: string,
  known: ReadonlySet<string>,
): FieldError[] {
  return [
    ...listErrors(results, `${at}.devices.results`, {
      most: MOST_DEVICES,
      errorsOf: (result, here) => resultErrors(result, here, known),
    }),
    ...listErrors(config, `${at}.devices.config`, {
      // Of classes, and of the claim.
      most: 2 * MOST_CONFIGURATIONS,
      errorsOf: (one, here) => allocatedConfigurationErrors(one, here, known),
    }),
    ...(nodeSelector ? nodeSelectorErrors(nodeSelector, `${at}.nodeSelector`) : []),
  ]
}

const resultErrors = (result: AllocatedDevice, at: string, known: ReadonlySet<string>): FieldError[] => [
  ...requestNameErrors(result.request ?? '', `${at}.request`, known),
  ...placeErrors(result, at),
  ...bindingErrors(result, at),
  ...listErrors(result.tolerations ?? [], `${at}.tolerations`, { errorsOf: tolerationErrors }),
  ...(result.shareID === undefined ? [] : uidErrors(result.shareID, `${at}.shareID`)),
]

const placeErrors = (
  { driver, pool, device }: Pick<AllocatedDevice, 'driver' | 'pool' | 'device'>,
  at: string,
): FieldError[] => [
  ...driverNameErrors(`${at}.driver`, driver),
  ...poolErrors(pool, `${at}.pool`),
  ...labelErrors(device, `${at}.device`),
]

function allocatedConfigurationErrors(
  configuration: AllocationConfiguration,
  at: string,
  known: ReadonlySet<string>,
): FieldError[] {
  const { source, requests = [] } = configuration
  return [
    ...(source ? oneOf(`${at}.source`, source, ['FromClaim', 'FromClass']) : [fieldError.required(`${at}.source`)]),
    ...referenceErrors(requests, `${at}.requests`, known),
    ...configurationErrors(configuration, at),
  ]
}

function deviceErrors(device: DeviceStatus, at: string, allocated: ReadonlySet<string>): FieldError[] {
  const { conditions = [], data, shareID, networkData } = device
  const errors = placeErrors(device, at)
  if (shareID !== undefined) errors.push(...uidErrors(shareID, `${at}.shareID`))
  if (!allocated.has(idOf(device))) {
    const why = `Invalid value: ${idOf(device)}: must be an allocated device in the claim`
    errors.push(unquoted('FieldValueInvalid', at, why))
  }
  if (conditions.length > MOST_CONDITIONS) {
    errors.push(fieldError.tooMany(`${at}.conditions`, conditions.length, MOST_CONDITIONS))
  }
  errors.push(...conditionsErrors(conditions, `${at}.conditions`))
  if (data !== undefined) errors.push(...rawErrors(data, `${at}.data`))
  return networkData ? [...errors, ...networkErrors(networkData, `${at}.networkData`)] : errors
}

function networkErrors(
  { interfaceName = '', hardwareAddress = '', ips = [] }: NonNullable<DeviceStatus['networkData']>,
  at: string,
): FieldError[] {
  const errors: FieldError[] = []
  if (interfaceName.length > LONGEST_INTERFACE) {
    errors.push(fieldError.tooLong(`${at}.interfaceName`, LONGEST_INTERFACE))
  }
  if (hardwareAddress.length > LONGEST_HARDWARE_ADDRESS) {
    errors.push(fieldError.tooLong(`${at}.hardwareAddress`, LONGEST_HARDWARE_ADDRESS))
  }
  return [
    ...errors,
    ...setErrors(ips, `${at}.ips`, {
      most: MOST_ADDRESSES,
      keyOf: (ip) => ip,
      errorsOf: (ip, here) => interfaceAddressProblems(ip).map((problem) => fieldError.invalid(here, ip, problem)),
    }),
  ]
}
