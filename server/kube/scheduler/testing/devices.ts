// Slices, classes and claims as tables of allocations name them.

import type {
  Claim,
  ClaimSpec,
  Class,
  Device,
  DeviceRequest,
  ExactRequest,
  Slice,
} from '../../kinds/devices/device-objects.ts'

export const DRIVER = 'gpus.io'

/** Devices of the node, in a pool of its name; what they are like by name. */
export function slice(node: string, devices: Record<string, Partial<Device>>, told: Slice['spec'] = {}): Slice {
  const pool = { name: node, generation: 1, resourceSliceCount: 1, ...told.pool }
  const named = Object.entries(devices).map(([name, device]) => ({ name, ...device }))
  const hasPlace = told.allNodes || told.nodeSelector || told.perDeviceNodeSelection
  return {
    metadata: { name: `${node}-${pool.generation}-${Object.keys(devices)[0]}` },
    spec: { driver: DRIVER, ...(hasPlace ? {} : { nodeName: node }), ...told, pool, devices: named },
  }
}

export const attributes = (values: Record<string, string | number | boolean>): Partial<Device> => ({
  attributes: Object.fromEntries(
    Object.entries(values).map(([name, value]) => [
      name,
      typeof value === 'string' ? { string: value } : typeof value === 'number' ? { int: value } : { bool: value },
    ]),
  ),
})

export const selector = (expression: string) => ({ cel: { expression } })
export const exactly = (name: string, told: Partial<ExactRequest> = {}): DeviceRequest => ({
  name,
  exactly: { deviceClassName: 'gpu', allocationMode: 'ExactCount', count: 1, ...told },
})

export function claim(
  name: string,
  requests: DeviceRequest[],
  more: Omit<NonNullable<ClaimSpec['devices']>, 'requests'> = {},
): Claim {
  const metadata = { name, namespace: 'default', uid: `uid-${name}` }
  return { metadata, spec: { devices: { requests, ...more } } }
}

export const CLASSES: Readonly<Record<string, Class>> = {
  gpu: {
    metadata: { name: 'gpu' },
    spec: { selectors: [selector(`device.driver == "${DRIVER}"`)] },
  },
  big: {
    metadata: { name: 'big' },
    spec: {
      selectors: [selector(`device.attributes["${DRIVER}"].memory >= 40`)],
      config: [{ opaque: { driver: DRIVER, parameters: { share: false } } }],
    },
  },
}
