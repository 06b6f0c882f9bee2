// Lists and sets. What compares all with all, or makes a list of any length, is charged before it is done. Upstream: apiserver/pkg/cel/library/lists.go, cel-go/ext/{lists,sets}.go.

import { type Environment, Optional } from '@marcbachmann/cel-js'
import { Duration, UnsignedInt } from '@marcbachmann/cel-js/evaluator'
import { equalTelling } from '../cel-type.ts'
import { type Charge, WALKED } from '../cost.ts'
import { chargeTexts, compareValues, sortedBy } from './order.ts'
import { ownName } from './own-names.ts'

type List = readonly unknown[]

export function addLists(environment: Environment, charge: Charge): void {
  const sync = { async: false }
  class Sets {}
  class Lists {}
  const walk = (length: number) => charge(length * WALKED)
  const equal = (a: unknown, b: unknown) => equalTelling(a, b, walk)
  const has = (list: List, value: unknown) => list.some((one) => equal(one, value))
  /** Each of the one with each of the other. */
  const compared = (a: List, b: List) => charge(a.length * b.length)
  const distinct = (list: List) => {
    charge(2 * list.length ** 2)
    return list.filter((value, at) => list.findIndex((one) => equal(one, value)) === at)
  }
  const contains = (_: Sets, list: List, part: List) => {
    compared(list, part)
    return part.every((value) => has(list, value))
  }
  /** As many as there are in all, since the same list may stand in it many times. */
  const chargeNested = (list: List, depth: number) => {
    charge(list.length)
    if (depth > 0) for (const one of list) if (Array.isArray(one)) chargeNested(one, depth - 1)
  }
  const flatten = (list: List, depth: number) => {
    chargeNested(list, depth)
    return list.flat(depth)
  }
  environment
    .registerFunction(
      'list.isSorted(): bool',
      (list: List) => {
        chargeTexts(list, charge)
        return list.every((value, at) => at === 0 || compareValues(list[at - 1], value) <= 0)
      },
      sync,
    )
    .registerFunction('list<A>.sum(): A', sum, sync)
    .registerFunction('list<A>.min(): A', (list: List) => extreme(list, 'min', -1, charge), sync)
    .registerFunction('list<A>.max(): A', (list: List) => extreme(list, 'max', 1, charge), sync)
    .registerFunction(
      `list.${ownName('indexOf')}(dyn): int`,
      (list: List, value: unknown) => BigInt(list.findIndex((one) => equal(one, value))),
      sync,
    )
    .registerFunction(
      `list.${ownName('lastIndexOf')}(dyn): int`,
      (list: List, value: unknown) => BigInt(list.findLastIndex((one) => equal(one, value))),
      sync,
    )
    .registerFunction('list<A>.slice(int, int): list<A>', slice, sync)
    .registerFunction('list.flatten(): list', (list: List) => flatten(list, 1), sync)
    .registerFunction('list.flatten(int): list', (list: List, depth: bigint) => flatten(list, depthOf(depth)), sync)
    .registerFunction('list<A>.distinct(): list<A>', distinct, sync)
    .registerFunction('list<A>.reverse(): list<A>', (list: List) => list.toReversed(), sync)
    .registerFunction('list<A>.sort(): list<A>', (list: List) => sortedBy(list, list, charge), sync)
    .registerFunction('list<A>.first(): optional<A>', (list: List) => optionalOf(list, 0), sync)
    .registerFunction('list<A>.last(): optional<A>', (list: List) => optionalOf(list, list.length - 1), sync)
    .registerType('kubernetes.Lists', Lists)
    .registerConstant('lists', 'kubernetes.Lists', new Lists())
    .registerFunction(
      'kubernetes.Lists.range(int): list<int>',
      (_: Lists, size: bigint) => {
        charge(Math.max(0, Number(size)))
        return Array.from({ length: Number(size) }, (_one, at) => BigInt(at))
      },
      sync,
    )
    .registerType('kubernetes.Sets', Sets)
    .registerConstant('sets', 'kubernetes.Sets', new Sets())
    .registerFunction(`kubernetes.Sets.${ownName('contains')}(list, list): bool`, contains, sync)
    .registerFunction(
      'kubernetes.Sets.equivalent(list, list): bool',
      (of: Sets, a: List, b: List) => contains(of, a, b) && contains(of, b, a),
      sync,
    )
    .registerFunction(
      'kubernetes.Sets.intersects(list, list): bool',
      (_: Sets, a: List, b: List) => {
        compared(a, b)
        return a.some((value) => has(b, value))
      },
      sync,
    )
}

const optionalOf = (list: List, at: number) => (list.length > 0 ? Optional.of(list[at]) : Optional.none())

function slice(list: List, from: bigint, to: bigint): List {
  if (from < 0n || to < 0n) throw new Error(`cannot slice(${from}, ${to}), negative indexes not supported`)
  if (from > to) throw new Error(`cannot slice(${from}, ${to}), start index must be less than or equal to end index`)
  if (to > BigInt(list.length)) throw new Error(`cannot slice(${from}, ${to}), list is length ${list.length}`)
  return list.slice(Number(from), Number(to))
}

function depthOf(depth: bigint): number {
  if (depth < 0n) throw new Error('level must be non-negative')
  return Number(depth)
}

function sum(list: List): unknown {
  if (list.length === 0) return 0n
  return list.slice(1).reduce((total, value) => {
    if (typeof total === 'bigint' && typeof value === 'bigint') return total + value
    if (typeof total === 'number' && typeof value === 'number') return total + value
    if (total instanceof Duration && value instanceof Duration) return total.addDuration(value)
    if (total instanceof UnsignedInt && value instanceof UnsignedInt)
      return new UnsignedInt(total.valueOf() + value.valueOf())
    throw new Error('no such overload')
  }, list[0])
}

/** `order`: what a better value is to the best so far. */
function extreme(list: List, name: string, order: -1 | 1, charge: Charge): unknown {
  chargeTexts(list, charge)
  if (list.length === 0) throw new Error(`${name} called on empty list`)
  return list.reduce((best, value) => (Math.sign(compareValues(value, best)) === order ? value : best))
}
