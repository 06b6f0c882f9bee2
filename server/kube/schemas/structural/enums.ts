// What enums allow, looked up rather than gone through, and written down once: the enum and the list whose items it is
// about may both be long, and of alternatives that are not taken everything is written for nothing.

import type { JsonValue } from '../../apimachinery/json.ts'
import { writtenSupported } from '../../apimachinery/status-error.ts'
import type { ValueNumbers } from './value-numbers.ts'

interface Known {
  numbers: ReadonlySet<number>
  text?: string
}

export class Enums {
  readonly #numbers: ValueNumbers
  readonly #known = new Map<readonly JsonValue[], Known>()

  constructor(numbers: ValueNumbers) {
    this.#numbers = numbers
  }

  /** Upstream finds no null in an enum, not even where there is one. */
  allows(values: readonly JsonValue[], value: JsonValue): boolean {
    return value !== null && this.#of(values).numbers.has(this.#numbers.of(value))
  }

  text(values: readonly JsonValue[]): string {
    const known = this.#of(values)
    known.text ??= writtenSupported(values.map((one) => (typeof one === 'string' ? one : JSON.stringify(one))))
    return known.text
  }

  #of(values: readonly JsonValue[]): Known {
    const known = this.#known.get(values) ?? { numbers: new Set(values.map((one) => this.#numbers.of(one))) }
    this.#known.set(values, known)
    return known
  }
}
