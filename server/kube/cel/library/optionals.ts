// What may be absent, beyond what the library knows of it. Upstream: cel-go/cel/library.go, OptionalTypes.

import { type Environment, Optional } from '@marcbachmann/cel-js'
import { Duration, UnsignedInt } from '@marcbachmann/cel-js/evaluator'
import { entriesOf } from '../maps.ts'

export function addOptionals(environment: Environment): void {
  const sync = { async: false }
  const present = (list: readonly unknown[]) =>
    list.filter((one): one is Optional => one instanceof Optional && one.hasValue()).map((one) => one.value())
  environment
    .registerFunction(
      'OptionalNamespace.ofNonZeroValue(A): optional<A>',
      (_: unknown, value: unknown) => (isZero(value) ? Optional.none() : Optional.of(value)),
      sync,
    )
    .registerFunction(
      'OptionalNamespace.unwrap(list<optional<A>>): list<A>',
      (_: unknown, list: []) => present(list),
      sync,
    )
    .registerFunction('list<optional<A>>.unwrapOpt(): list<A>', present, sync)
}

function isZero(value: unknown): boolean {
  if (value === null || value === false || value === '' || value === 0 || value === 0n) return true
  if (value instanceof UnsignedInt) return value.valueOf() === 0n
  if (value instanceof Duration) return value.seconds === 0n && value.nanos === 0
  if (value instanceof Date || value instanceof Optional) return false
  if (Array.isArray(value) || value instanceof Uint8Array) return value.length === 0
  return typeof value === 'object' && entriesOf(value).length === 0
}
