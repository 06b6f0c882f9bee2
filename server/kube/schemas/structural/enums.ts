// What enums allow, looked up rather than gone through, and written down once: the enum and the list whose items it is
// about may both be long, and of alternatives that are not taken everything is written for nothing.

import { deepEqual } from '../../apimachinery/deep.ts'
import type { JsonValue } from '../../apimachinery/json.ts'
import { writtenSupported } from '../../apimachinery/status-error.ts'

interface Known {
  scalars: ReadonlySet<JsonValue>
  others: readonly JsonValue[]
  text?: string
}

const isScalar = (value: JsonValue) => typeof value !== 'object' || value === null

export class Enums {
  readonly #known = new Map<readonly JsonValue[], Known>()

  /** Upstream finds no null in an enum, not even where there is one. */
  allows(values: readonly JsonValue[], value: JsonValue): boolean {
    if (value === null) return false
    const { scalars, others } = this.#of(values)
    return isScalar(value) ? scalars.has(value) : others.some((one) => deepEqual(one, value))
  }

  /** With how many a value must be compared, one by one. */
  comparisons(values: readonly JsonValue[], value: JsonValue): number {
    return isScalar(value) ? 0 : this.#of(values).others.length
  }

  text(values: readonly JsonValue[]): string {
    const known = this.#of(values)
    known.text ??= writtenSupported(values.map((one) => (typeof one === 'string' ? one : JSON.stringify(one))))
    return known.text
  }

  #of(values: readonly JsonValue[]): Known {
    const known = this.#known.get(values) ?? {
      scalars: new Set(values.filter(isScalar)),
      others: values.filter((one) => !isScalar(one)),
    }
    this.#known.set(values, known)
    return known
  }
}
