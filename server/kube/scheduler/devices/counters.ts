// What slices tell of counters that devices have together, and what each device takes of them.
// Upstream: dynamic-resource-allocation/structured/internal/incubating/pools_incubating.go.

import { quantityOf } from '../../apimachinery/quantity.ts'
import type { Device, Slice } from '../../kinds/devices/device-objects.ts'

/** By set and name, in billionths. */
export type Amounts = Map<string, bigint>

type Counters = { name?: string; counters?: Record<string, { value: string | number }> }

function amountsOf(sets: readonly Counters[]): Amounts {
  const amounts: Amounts = new Map()
  for (const { name, counters = {} } of sets) {
    for (const [counter, { value }] of Object.entries(counters)) {
      amounts.set(`${name}/${counter}`, quantityOf(value).nanos)
    }
  }
  return amounts
}

export const sharedBy = (slices: readonly Slice[]): Amounts =>
  amountsOf(slices.flatMap(({ spec }) => spec?.sharedCounters ?? []))

export const takenBy = ({ consumesCounters = [] }: Device): Amounts =>
  amountsOf(consumesCounters.map(({ counterSet = '', counters = {} }) => ({ name: counterSet, counters })))

/** Each set is told once, and nobody takes of what there is not. */
export function areCountersClear(slices: readonly Slice[], shared: Amounts): boolean {
  const names = slices.flatMap(({ spec }) => (spec?.sharedCounters ?? []).map(({ name }) => name))
  if (new Set(names).size < names.length) return false
  return slices.every(({ spec }) =>
    (spec?.devices ?? []).every((device) => [...takenBy(device).keys()].every((counter) => shared.has(counter))),
  )
}
