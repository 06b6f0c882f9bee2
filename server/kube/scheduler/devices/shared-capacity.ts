// Devices that several may have at once, as long as there is enough of their capacity: how much a request takes, and how much
// is taken. Upstream: dynamic-resource-allocation/structured/internal/incubating CmpRequestOverCapacity.

import { Quantity, quantityOf } from '../../apimachinery/quantity.ts'
import { wholeOf } from '../../kinds/devices/capacity-rules.ts'
import type { Capacity, Device, RequestPolicy, Wish } from '../../kinds/devices/device-objects.ts'
import type { Offer } from './pools.ts'

const ONE = 1_000_000_000n

/** By the name of the capacity. */
export type Share = ReadonlyMap<string, Quantity>
/** The same in billionths. */
export type Amounts = ReadonlyMap<string, bigint>

/** Undefined when a device has no such capacity, or not so much, or nobody may ask for just that. */
export function shareOf({ capacity = {} }: Device, { capacity: asked }: Wish): Share | undefined {
  const requests = asked?.requests ?? {}
  if (Object.keys(requests).some((name) => !Object.hasOwn(capacity, name))) return undefined
  const share = new Map<string, Quantity>()
  for (const [name, told] of Object.entries(capacity)) {
    const amount = amountOf(told, requests[name])
    if (!amount || amount.compare(quantityOf(told.value)) > 0) return undefined
    share.set(name, amount)
  }
  return share
}

function amountOf({ value, requestPolicy: policy }: Capacity, asked: string | number | undefined) {
  if (asked === undefined) return quantityOf(policy?.default ?? value)
  const wanted = quantityOf(asked)
  if (policy?.validRange) return inRange(wanted, policy.validRange)
  const { validValues = [] } = policy ?? {}
  return validValues.length === 0 ? wanted : validValues.map(quantityOf).find((one) => one.compare(wanted) >= 0)
}

/** Rounded up to whole steps. */
function inRange(wanted: Quantity, { min, max, step }: NonNullable<RequestPolicy['validRange']>) {
  const least = quantityOf(min)
  const amount = wanted.compare(least) < 0 ? least : step === undefined ? wanted : stepped(wanted, least, step)
  return max !== undefined && amount.compare(quantityOf(max)) > 0 ? undefined : amount
}

function stepped(wanted: Quantity, least: Quantity, step: string | number): Quantity {
  const each = wholeOf(quantityOf(step))
  const steps = (wholeOf(wanted) - wholeOf(least) + each - 1n) / each
  return new Quantity((wholeOf(least) + steps * each) * ONE, 'binary')
}

export class SharedCapacity {
  readonly #before: ReadonlyMap<string, Amounts>
  /** What is being given out, by device. */
  readonly #now = new Map<string, Share[]>()

  /** By device, what claims have of it. */
  constructor(before: ReadonlyMap<string, Amounts>) {
    this.#before = before
  }

  isShared(id: string): boolean {
    return this.#before.has(id) || (this.#now.get(id)?.length ?? 0) > 0
  }

  hasRoom({ id, device }: Offer, share: Share): boolean {
    return [...share].every(([name, amount]) => {
      const others = (this.#now.get(id) ?? []).reduce((sum, other) => sum + (other.get(name)?.nanos ?? 0n), 0n)
      const taken = amount.nanos + others + (this.#before.get(id)?.get(name) ?? 0n)
      return taken <= quantityOf(device.capacity?.[name]?.value).nanos
    })
  }

  add({ id }: Offer, share: Share): void {
    const shares = this.#now.get(id) ?? []
    this.#now.set(id, [...shares, share])
  }

  removeLast({ id }: Offer): void {
    this.#now.get(id)?.pop()
  }
}
