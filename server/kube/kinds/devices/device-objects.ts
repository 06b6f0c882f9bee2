// The objects of resource.k8s.io/v1 as the API has them: what a driver offers (slices of devices), kinds of devices
// (classes), and what a pod wants and gets (claims).

import type { NodeSelector } from 'kubernetes-types/core/v1'
import type { Condition } from 'kubernetes-types/meta/v1'
import type { KubeObject } from '../../apimachinery/object-meta.ts'

export interface Selector {
  cel?: { expression?: string }
}

export interface Configuration {
  requests?: string[]
  opaque?: { driver?: string; parameters?: unknown }
}

export interface DeviceTaint {
  key: string
  value?: string
  effect: string
  timeAdded?: string
}

export interface DeviceToleration {
  key?: string
  operator?: string
  value?: string
  effect?: string
  /** Of NoExecute: for ever without it. */
  tolerationSeconds?: number
}

/** One kind of device, and how many of it. */
export interface Wish {
  deviceClassName?: string
  selectors?: Selector[]
  allocationMode?: string
  count?: number
  tolerations?: DeviceToleration[]
  /** How much of what the device has. */
  capacity?: { requests?: Record<string, string | number> }
}

export interface ExactRequest extends Wish {
  /** Also of what is in use; of a namespace whose label lets it. */
  adminAccess?: boolean
}

export type Alternative = Wish & { name?: string }

export interface DeviceRequest {
  name?: string
  exactly?: ExactRequest
  firstAvailable?: Alternative[]
}

export interface Constraint {
  requests?: string[]
  matchAttribute?: string
  distinctAttribute?: string
}

export interface ClaimSpec {
  devices?: { requests?: DeviceRequest[]; constraints?: Constraint[]; config?: Configuration[] }
}

export interface AllocatedDevice {
  request: string
  driver: string
  pool: string
  device: string
  adminAccess?: boolean
  tolerations?: DeviceToleration[]
  bindingConditions?: string[]
  bindingFailureConditions?: string[]
  /** Which of several shares of the device it is. */
  shareID?: string
  /** How much of the device's capacity the share has. */
  consumedCapacity?: Record<string, string | number>
}

export type AllocationConfiguration = Configuration & { source: 'FromClass' | 'FromClaim' }

/** How a device is, as its driver tells it. */
export interface DeviceStatus extends Pick<AllocatedDevice, 'driver' | 'pool' | 'device' | 'shareID'> {
  conditions?: Condition[]
  data?: unknown
  networkData?: { interfaceName?: string; hardwareAddress?: string; ips?: string[] }
}

export interface Allocation {
  devices?: { results?: AllocatedDevice[]; config?: AllocationConfiguration[] }
  /** Where the devices can be used; everywhere without one. */
  nodeSelector?: NodeSelector
  allocationTimestamp?: string
}

/** Who may use the devices; only pods do. */
export interface Consumer {
  apiGroup?: string
  resource: string
  name: string
  uid: string
}

export interface Claim extends KubeObject {
  spec?: ClaimSpec
  status?: { allocation?: Allocation; reservedFor?: Consumer[]; devices?: DeviceStatus[] }
}

export interface ClaimTemplate extends KubeObject {
  spec?: { metadata?: Pick<NonNullable<KubeObject['metadata']>, 'labels' | 'annotations'>; spec?: ClaimSpec }
}

export interface Class extends KubeObject {
  spec?: { selectors?: Selector[]; config?: Configuration[]; extendedResourceName?: string }
}

/** Of one of four types; the plural ones are lists. */
export interface Attribute {
  int?: number
  bool?: boolean
  string?: string
  version?: string
  ints?: number[]
  bools?: boolean[]
  strings?: string[]
  versions?: string[]
}

/** Where a slice's devices, or one device, can be used. */
export interface Place {
  nodeName?: string
  nodeSelector?: NodeSelector
  allNodes?: boolean
}

export interface Capacity {
  value: string | number
  requestPolicy?: RequestPolicy
}

/** How much of it one may ask for. */
export interface RequestPolicy {
  default?: string | number
  validValues?: (string | number)[]
  validRange?: { min?: string | number; max?: string | number; step?: string | number }
}

type Counters = Record<string, { value: string | number }>

export interface Device extends Place {
  name?: string
  attributes?: Record<string, Attribute>
  capacity?: Record<string, Capacity>
  taints?: DeviceTaint[]
  allowMultipleAllocations?: boolean
  bindsToNode?: boolean
  bindingConditions?: string[]
  bindingFailureConditions?: string[]
  consumesCounters?: { counterSet?: string; counters?: Counters }[]
}

export interface Slice extends KubeObject {
  spec?: Place & {
    driver?: string
    pool?: { name?: string; generation?: number; resourceSliceCount?: number }
    perDeviceNodeSelection?: boolean
    devices?: Device[]
    sharedCounters?: { name?: string; counters?: Counters }[]
  }
}
