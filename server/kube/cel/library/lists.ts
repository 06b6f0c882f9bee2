// Lists and sets. Upstream: apiserver/pkg/cel/library/lists.go, cel-go/ext/{lists,sets}.go.

import { type Environment, Optional } from '@marcbachmann/cel-js'
import { Duration, UnsignedInt } from '@marcbachmann/cel-js/evaluator'
import { celEquals } from '../cel-type.ts'
import { compareValues, sortedBy } from './order.ts'
import { ownName } from './own-names.ts'

type List = readonly unknown[]

export function addLists(environment: Environment): void {
  const sync = { async: false }
  class Sets {}
  class Lists {}
  const has = (list: List, value: unknown) => list.some((one) => celEquals(one, value))
  const contains = (_: Sets, list: List, part: List) => part.every((value) => has(list, value))
  environment
    .registerFunction(
      'list.isSorted(): bool',
      (list: List) => list.every((value, at) => at === 0 || compareValues(list[at - 1], value) <= 0),
      sync,
    )
    .registerFunction('list<A>.sum(): A', sum, sync)
    .registerFunction('list<A>.min(): A', (list: List) => extreme(list, 'min', -1), sync)
    .registerFunction('list<A>.max(): A', (list: List) => extreme(list, 'max', 1), sync)
    .registerFunction(
      `list.${ownName('indexOf')}(dyn): int`,
      (list: List, value: unknown) => BigInt(list.findIndex((one) => celEquals(one, value))),
      sync,
    )
    .registerFunction(
      `list.${ownName('lastIndexOf')}(dyn): int`,
      (list: List, value: unknown) => BigInt(list.findLastIndex((one) => celEquals(one, value))),
      sync,
    )
    .registerFunction('list<A>.slice(int, int): list<A>', slice, sync)
    .registerFunction('list.flatten(): list', (list: List) => list.flat(), sync)
    .registerFunction('list.flatten(int): list', (list: List, depth: bigint) => list.flat(depthOf(depth)), sync)
    .registerFunction('list<A>.distinct(): list<A>', distinct, sync)
    .registerFunction('list<A>.reverse(): list<A>', (list: List) => list.toReversed(), sync)
    .registerFunction('list<A>.sort(): list<A>', (list: List) => sortedBy(list, list), sync)
    .registerFunction('list<A>.first(): optional<A>', (list: List) => optionalOf(list, 0), sync)
    .registerFunction('list<A>.last(): optional<A>', (list: List) => optionalOf(list, list.length - 1), sync)
    .registerType('kubernetes.Lists', Lists)
    .registerConstant('lists', 'kubernetes.Lists', new Lists())
    .registerFunction(
      'kubernetes.Lists.range(int): list<int>',
      (_: Lists, size: bigint) => Array.from({ length: Number(size) }, (_one, at) => BigInt(at)),
      sync,
    )
    .registerType('kubernetes.Sets', Sets)
    .registerConstant('sets', 'kubernetes.Sets', new Sets())
    .registerFunction('kubernetes.Sets.contains(list, list): bool', contains, sync)
    .registerFunction(
      'kubernetes.Sets.equivalent(list, list): bool',
      (of: Sets, a: List, b: List) => contains(of, a, b) && contains(of, b, a),
      sync,
    )
    .registerFunction(
      'kubernetes.Sets.intersects(list, list): bool',
      (_: Sets, a: List, b: List) => a.some((value) => has(b, value)),
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

const distinct = (list: List) => list.filter((value, at) => list.findIndex((one) => celEquals(one, value)) === at)

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
function extreme(list: List, name: string, order: -1 | 1): unknown {
  if (list.length === 0) throw new Error(`${name} called on empty list`)
  return list.reduce((best, value) => (Math.sign(compareValues(value, best)) === order ? value : best))
}
