// Lists and sets. Upstream: apiserver/pkg/cel/library/lists.go, cel-go/ext/{lists,sets}.go.

import { type Environment, Optional } from '@marcbachmann/cel-js'
import { celEquals } from '../cel-type.ts'

type List = readonly unknown[]
type Ordered = bigint | number | string | boolean | Date

export function addLists(environment: Environment): void {
  const sync = { async: false }
  class Sets {}
  class Lists {}
  const has = (list: List, value: unknown) => list.some((one) => celEquals(one, value))
  const contains = (_: Sets, list: List, part: List) => part.every((value) => has(list, value))
  environment
    .registerFunction(
      'list.isSorted(): bool',
      (list: Ordered[]) => list.every((value, at) => at === 0 || !isLess(value, list[at - 1]!)),
      sync,
    )
    .registerFunction('list.sum(): dyn', sum, sync)
    .registerFunction('list.min(): dyn', (list: Ordered[]) => extreme(list, 'min', (a, b) => isLess(a, b)), sync)
    .registerFunction('list.max(): dyn', (list: Ordered[]) => extreme(list, 'max', (a, b) => isLess(b, a)), sync)
    .registerFunction(
      'list.indexOf(dyn): int',
      (list: List, value: unknown) => BigInt(list.findIndex((one) => celEquals(one, value))),
      sync,
    )
    .registerFunction(
      'list.lastIndexOf(dyn): int',
      (list: List, value: unknown) => BigInt(list.findLastIndex((one) => celEquals(one, value))),
      sync,
    )
    .registerFunction('list.slice(int, int): list', slice, sync)
    .registerFunction('list.flatten(): list', (list: List) => list.flat(), sync)
    .registerFunction('list.flatten(int): list', (list: List, depth: bigint) => list.flat(depthOf(depth)), sync)
    .registerFunction('list.distinct(): list', distinct, sync)
    .registerFunction('list.reverse(): list', (list: List) => list.toReversed(), sync)
    .registerFunction('list.sort(): list', (list: Ordered[]) => list.toSorted(compare), sync)
    .registerFunction('list.first(): optional', (list: List) => optionalOf(list, 0), sync)
    .registerFunction('list.last(): optional', (list: List) => optionalOf(list, list.length - 1), sync)
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

const isLess = (a: Ordered, b: Ordered) => a < b

const compare = (a: Ordered, b: Ordered) => (isLess(a, b) ? -1 : isLess(b, a) ? 1 : 0)

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
    throw new Error('no such overload')
  }, list[0])
}

function extreme(list: Ordered[], name: string, isBetter: (a: Ordered, b: Ordered) => boolean): Ordered {
  const [first, ...rest] = list
  if (first === undefined) throw new Error(`${name} called on empty list`)
  return rest.reduce((best, value) => (isBetter(value, best) ? value : best), first)
}
