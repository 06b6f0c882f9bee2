// There is no half of a byte: `memory: 100m` is a tenth of one, and was meant to be 100 million. Upstream: pkg/api/pod/warnings.go.

import { parseQuantity } from '../../apimachinery/quantity.ts'

const NANO = 1_000_000_000n

export function fractionWarnings(
  amounts: Readonly<Record<string, string>> | undefined,
  at: string,
  counted: readonly string[] = ['memory', 'ephemeral-storage'],
): string[] {
  return counted.flatMap((name) => {
    const text = amounts?.[name]
    const amount = text === undefined ? undefined : parseQuantity(text)
    return amount && amount.nanos % NANO !== 0n
      ? [`${at}[${name}]: fractional byte value "${amount}" is invalid, must be an integer`]
      : []
  })
}
