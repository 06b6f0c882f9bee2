// The devices that a node could use, pool by pool: of each pool only the newest generation, and none while its driver has
// not told all of it. Upstream: dynamic-resource-allocation/structured/internal/stable/pools_stable.go.

import type { Node } from 'kubernetes-types/core/v1'
import { matchesAny } from '../../apimachinery/node-affinity.ts'
import type { Device, Place, Slice } from '../../kinds/devices/device-objects.ts'
import { type Amounts, areCountersClear, sharedBy } from './counters.ts'

/** One device of one slice. */
export interface Offer {
  /** `driver/pool/device`. */
  id: string
  driver: string
  pool: string
  /** `driver/pool`. */
  poolId: string
  device: Device
  /** Of the device where each says its own, else of its slice. */
  place: Place
}

export interface Pool {
  /** `driver/pool`. */
  id: string
  /** `incomplete`: part of it is not told yet. `invalid`: it contradicts itself. */
  state: 'complete' | 'incomplete' | 'invalid'
  offers: Offer[]
  shared: Amounts
  /** Those that take of what is shared, wherever they can be used. */
  sharers: { id: string; device: Device }[]
}

export const deviceId = (driver: string, pool: string, device: string): string => `${driver}/${pool}/${device}`

const poolId = ({ spec }: Slice) => `${spec?.driver}/${spec?.pool?.name}`
const generationOf = ({ spec }: Slice) => Number(spec?.pool?.generation ?? 0)

export function poolsOf(node: Node, slices: readonly Slice[]): Pool[] {
  const all = Map.groupBy(slices, poolId)
  const pools: Pool[] = []
  for (const [id, ofPool] of all) {
    const newest = Math.max(...ofPool.map(generationOf))
    const current = ofPool.filter((slice) => generationOf(slice) === newest)
    const offers = current.flatMap((slice) => offersOf(slice, node))
    if (offers.length === 0) continue
    const shared = sharedBy(current)
    const sharers = current.flatMap(sharersOf)
    const isComplete = current.length === current[0]?.spec?.pool?.resourceSliceCount
    const areNamesClear = new Set(offers.map((offer) => offer.id)).size === offers.length
    const isValid = areNamesClear && areCountersClear(current, shared)
    pools.push({ id, state: isComplete ? (isValid ? 'complete' : 'invalid') : 'incomplete', offers, shared, sharers })
  }
  return pools
}

function sharersOf({ spec }: Slice) {
  const { driver = '', pool, devices = [] } = spec ?? {}
  return devices
    .filter(({ consumesCounters }) => consumesCounters?.length)
    .map((device) => ({ id: deviceId(driver, pool?.name ?? '', device.name ?? ''), device }))
}

function offersOf({ spec }: Slice, node: Node): Offer[] {
  const { driver = '', pool, devices = [], perDeviceNodeSelection, ...place } = spec ?? {}
  if (!perDeviceNodeSelection && !isAt(place, node)) return []
  return devices
    .filter((device) => !perDeviceNodeSelection || isAt(device, node))
    .map((device) => ({
      id: deviceId(driver, pool?.name ?? '', device.name ?? ''),
      driver,
      pool: pool?.name ?? '',
      poolId: `${driver}/${pool?.name}`,
      device,
      place: perDeviceNodeSelection ? device : place,
    }))
}

function isAt({ nodeName, allNodes, nodeSelector }: Place, node: Node): boolean {
  if (nodeName) return nodeName === node.metadata?.name
  return allNodes === true || (nodeSelector !== undefined && matchesAny(nodeSelector, node))
}
