// Lists and sets. Upstream: apiserver/pkg/cel/library/lists.go, cel-go/ext/sets.go.

import type { Environment } from '@marcbachmann/cel-js'
import { celEquals } from '../cel-type.ts'

type List = readonly unknown[]
type Ordered = bigint | number | string | boolean | Date

export function addLists(environment: Environment): void {
  const sync = { async: false }
  class Sets {}
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
