// Which of two values comes first. Upstream: the Comparer trait of cel-go's types.

import { Duration, UnsignedInt } from '@marcbachmann/cel-js/evaluator'

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

/** A list in the order of the keys of its elements. */
export function sortedBy(list: readonly unknown[], keys: readonly unknown[]): unknown[] {
  const [first] = keys
  if (list.length > 0 && !isComparable(first)) throw new Error('list elements must be comparable')
  if (keys.some((key) => kindOf(key) !== kindOf(first))) throw new Error('list elements must have the same type')
  return list
    .map((one, at) => ({ one, key: keys[at] }))
    .sort((a, b) => compareValues(a.key, b.key))
    .map(({ one }) => one)
}

const CLASSES = [Date, Duration, UnsignedInt, Uint8Array] as const
const isComparable = (key: unknown) =>
  ['bigint', 'number', 'string', 'boolean'].includes(typeof key) || CLASSES.some((one) => key instanceof one)
const kindOf = (key: unknown) => CLASSES.find((one) => key instanceof one) ?? typeof key
