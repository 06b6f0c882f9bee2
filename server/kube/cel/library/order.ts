// Which of two values comes first. Upstream: the Comparer trait of cel-go's types.

import { Duration, UnsignedInt } from '@marcbachmann/cel-js/evaluator'

import { type Charge, WALKED } from '../cost.ts'

/** The numbers that are compared by their value, whatever they are called. */
type Ordered = bigint | number | string | boolean | Date | Duration | UnsignedInt

export function compareValues(a: unknown, b: unknown): number {
  if (a instanceof Uint8Array && b instanceof Uint8Array) return Buffer.compare(a, b)
  if (a instanceof Duration && b instanceof Duration) {
    return a.seconds < b.seconds ? -1 : a.seconds > b.seconds ? 1 : a.nanos - b.nanos
  }
  if (typeof a === 'string' && typeof b === 'string') return Buffer.compare(Buffer.from(a), Buffer.from(b))
  const [left, right] = [a as Ordered, b as Ordered]
  return left < right ? -1 : left > right ? 1 : 0
}

/** Texts are compared as far as they are the same, and the same text may stand in a list many times. */
export function chargeTexts(list: readonly unknown[], charge: Charge, times = 1): void {
  charge(list.reduce<number>((sum, one) => sum + (typeof one === 'string' ? one.length : 0), 0) * WALKED * times)
}

/** A list in the order of the keys of its elements. */
export function sortedBy(list: readonly unknown[], keys: readonly unknown[], charge: Charge): unknown[] {
  const [first] = keys
  if (list.length > 0 && !isComparable(first)) throw new Error('list elements must be comparable')
  if (keys.some((key) => kindOf(key) !== kindOf(first))) throw new Error('list elements must have the same type')
  const times = Math.ceil(Math.log2(keys.length + 1))
  charge(keys.length * WALKED * times)
  chargeTexts(keys, charge, times)
  return list
    .map((one, at) => ({ one, key: keys[at] }))
    .sort((a, b) => compareValues(a.key, b.key))
    .map(({ one }) => one)
}

const CLASSES = [Date, Duration, UnsignedInt, Uint8Array] as const
const isComparable = (key: unknown) =>
  ['bigint', 'number', 'string', 'boolean'].includes(typeof key) || CLASSES.some((one) => key instanceof one)
const kindOf = (key: unknown) => CLASSES.find((one) => key instanceof one) ?? typeof key
