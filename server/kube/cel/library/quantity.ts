// Amounts: `quantity('1Gi').isGreaterThan(quantity('900Mi'))`. Upstream: apiserver/pkg/cel/library/quantity.go.

import type { Environment } from '@marcbachmann/cel-js'
import { parseQuantity, Quantity } from '../../apimachinery/quantity.ts'

const NANO = 1_000_000_000n

export function addQuantity(environment: Environment): void {
  const sync = { async: false }
  const type = 'kubernetes.Quantity'
  const method = (signature: string, handler: (...values: never[]) => unknown) =>
    environment.registerFunction(`${type}.${signature}`, handler, sync)
  const plus = (a: Quantity, nanos: bigint) => new Quantity(a.nanos + nanos, a.form)
  environment
    .registerType(type, Quantity)
    .registerFunction(`quantity(string): ${type}`, read, sync)
    .registerFunction('isQuantity(string): bool', (text: string) => parseQuantity(text) !== undefined, sync)
    .registerOperator(`${type} == ${type}`, (a: Quantity, b: Quantity) => a.nanos === b.nanos)
  method('isInteger(): bool', isInteger)
  method('asInteger(): int', (a: Quantity) => {
    if (!isInteger(a)) throw new Error('cannot convert value to integer')
    return a.nanos / NANO
  })
  method('asApproximateFloat(): double', (a: Quantity) => a.number)
  method('sign(): int', (a: Quantity) => BigInt(a.nanos > 0n ? 1 : a.nanos < 0n ? -1 : 0))
  method(`compareTo(${type}): int`, (a: Quantity, b: Quantity) => BigInt(a.compare(b)))
  method(`isGreaterThan(${type}): bool`, (a: Quantity, b: Quantity) => a.compare(b) > 0)
  method(`isLessThan(${type}): bool`, (a: Quantity, b: Quantity) => a.compare(b) < 0)
  method(`add(${type}): ${type}`, (a: Quantity, b: Quantity) => plus(a, b.nanos))
  method(`add(int): ${type}`, (a: Quantity, b: bigint) => plus(a, b * NANO))
  method(`sub(${type}): ${type}`, (a: Quantity, b: Quantity) => plus(a, -b.nanos))
  method(`sub(int): ${type}`, (a: Quantity, b: bigint) => plus(a, -b * NANO))
}

/** Whole, and of 64 bits. */
const isInteger = ({ nanos }: Quantity) => nanos % NANO === 0n && nanos / NANO === BigInt.asIntN(64, nanos / NANO)

function read(text: string): Quantity {
  const quantity = parseQuantity(text)
  if (!quantity) {
    throw new Error("quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'")
  }
  return quantity
}
