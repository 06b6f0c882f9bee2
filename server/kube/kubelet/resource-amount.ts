import { parseQuantity } from '../apimachinery/quantity.ts'

/** A quantity as a number: `500m` is 0.5. Undefined when absent. */
export function amountOf(quantity: string | number | undefined): number | undefined {
  return quantity === undefined ? undefined : parseQuantity(quantity)?.number
}
