// Amounts of several resources at once: what a pod asks for, what a quota allows. Upstream: apiserver/pkg/quota/v1.

import { Quantity, quantityOf } from '../../apimachinery/quantity.ts'

export type Amounts = Readonly<Record<string, Quantity>>

export const amountsOf = (list: Readonly<Record<string, string | number>> = {}): Amounts =>
  mapped(list, (text) => quantityOf(text))

export const asTexts = (amounts: Amounts): Record<string, string> => mapped(amounts, (amount) => amount.toString())

export const whole = (count: number): Quantity => new Quantity(BigInt(count) * 1_000_000_000n, 'decimal')

const NONE = new Quantity(0n, 'decimal')

function combined(a: Amounts, b: Amounts, of: (x: Quantity, y: Quantity) => Quantity): Amounts {
  const names = new Set([...Object.keys(a), ...Object.keys(b)])
  return Object.fromEntries([...names].map((name) => [name, of(a[name] ?? NONE, b[name] ?? NONE)]))
}

/** Written as the first of them is, where that is anything. */
const formOf = (x: Quantity, y: Quantity) => (x.nanos === 0n ? y.form : x.form)

export const sum = (a: Amounts, b: Amounts): Amounts =>
  combined(a, b, (x, y) => new Quantity(x.nanos + y.nanos, formOf(x, y)))
export const difference = (a: Amounts, b: Amounts): Amounts =>
  combined(a, b, (x, y) => new Quantity(x.nanos - y.nanos, formOf(x, y)))
export const largest = (a: Amounts, b: Amounts): Amounts => combined(a, b, (x, y) => (x.compare(y) > 0 ? x : y))

export const only = (amounts: Amounts, isMeant: (name: string) => boolean): Amounts =>
  Object.fromEntries(Object.entries(amounts).filter(([name]) => isMeant(name)))

/** `pods=1,requests.cpu=500m` */
export const shown = (amounts: Amounts): string =>
  Object.keys(amounts)
    .sort()
    .map((name) => `${name}=${amounts[name]}`)
    .join(',')

function mapped<T, U>(record: Readonly<Record<string, T>>, of: (value: T) => U): Record<string, U> {
  return Object.fromEntries(Object.entries(record).map(([name, value]) => [name, of(value)]))
}
