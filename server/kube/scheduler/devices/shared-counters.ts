// What devices of a pool have together, as the parts of a card have its memory: each takes of it, and there must be as much
// left. Upstream: dynamic-resource-allocation/structured/internal/incubating checkAvailableCounters.

import type { Device } from '../../kinds/devices/device-objects.ts'
import { type Amounts, takenBy } from './counters.ts'
import type { Offer, Pool } from './pools.ts'

export class SharedCounters {
  readonly #pools: ReadonlyMap<string, Pool>
  readonly #isGivenOut: (id: string) => boolean
  /** By pool; counted when somebody first wants of it. */
  readonly #left = new Map<string, Amounts>()

  constructor(pools: readonly Pool[], isGivenOut: (id: string) => boolean) {
    this.#pools = new Map(pools.map((pool) => [pool.id, pool]))
    this.#isGivenOut = isGivenOut
  }

  take({ poolId, device }: Offer): boolean {
    if (!device.consumesCounters?.length) return true
    const left = this.#leftIn(poolId)
    add(left, device, -1n)
    // Also what this device takes nothing of: a pool of which too much was given out gives no more.
    if ([...left.values()].every((amount) => amount >= 0n)) return true
    add(left, device, 1n)
    return false
  }

  giveBack({ poolId, device }: Offer): void {
    if (device.consumesCounters?.length) add(this.#leftIn(poolId), device, 1n)
  }

  #leftIn(poolId: string): Amounts {
    const known = this.#left.get(poolId)
    if (known) return known
    const { shared, sharers } = this.#pools.get(poolId)!
    const left = new Map(shared)
    for (const { id, device } of sharers) if (this.#isGivenOut(id)) add(left, device, -1n)
    this.#left.set(poolId, left)
    return left
  }
}

function add(left: Amounts, device: Device, sign: bigint): void {
  for (const [counter, amount] of takenBy(device)) left.set(counter, (left.get(counter) ?? 0n) + sign * amount)
}
