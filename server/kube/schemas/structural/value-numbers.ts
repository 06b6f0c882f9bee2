// Which values are equal as JSON documents, where many are compared with each other, and parts of them again. Each has a
// number that all equal ones have, found from below: a value is gone through once, however often somebody asks.

import type { JsonValue } from '../../apimachinery/json.ts'

/** Of values that stay as they are meanwhile. */
export class ValueNumbers {
  readonly #scalars = new Map<JsonValue, number>()
  readonly #texts = new Map<string, number>()
  readonly #known = new WeakMap<object, number>()

  of(value: JsonValue): number {
    if (typeof value !== 'object' || value === null) return this.#numberIn(this.#scalars, value)
    const known = this.#known.get(value)
    if (known !== undefined) return known
    const number = this.#numberIn(this.#texts, this.#textOf(value))
    this.#known.set(value, number)
    return number
  }

  areSame(a: JsonValue, b: JsonValue): boolean {
    return a === b || this.of(a) === this.of(b)
  }

  #textOf(value: JsonValue & object): string {
    if (Array.isArray(value)) return `[${value.map((item) => this.of(item)).join()}`
    const names = Object.keys(value).filter((name) => value[name] !== undefined)
    return `{${names
      .sort()
      .map((name) => `${this.of(name)}:${this.of(value[name]!)}`)
      .join()}`
  }

  #numberIn<K>(numbers: Map<K, number>, key: K): number {
    const number = numbers.get(key) ?? this.#scalars.size + this.#texts.size
    numbers.set(key, number)
    return number
  }
}
