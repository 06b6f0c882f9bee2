// Which old value stands for which new one. Elements of lists can be told apart by their keys only; those of other lists
// have no past. Upstream: apiserver/pkg/cel/common/equality.go.

import { isJsonObject, type JsonObject, type JsonValue } from '../../apimachinery/json.ts'
import type { JsonSchema } from './json-schema.ts'

/** Old elements by their keys. An old list is gone through once, however many new elements ask it. */
export class OldItems {
  readonly #known = new WeakMap<JsonValue[], ListByKeys>()

  of(schema: JsonSchema, { old, item }: { old: JsonValue | undefined; item: JsonValue }): JsonValue | undefined {
    const keys = schema['x-kubernetes-list-map-keys'] ?? NO_KEYS
    if (schema['x-kubernetes-list-type'] !== 'map' || !Array.isArray(old) || !isJsonObject(item)) return undefined
    let list = this.#known.get(old)
    if (list?.keys !== keys) {
      list = new ListByKeys(old, keys)
      this.#known.set(old, list)
    }
    return list.find(item)
  }
}

const NO_KEYS: readonly string[] = []

class ListByKeys {
  readonly keys: readonly string[]
  readonly #numbers = new Map<JsonValue | undefined, number>()
  readonly #items = new Map<string, JsonObject>()

  constructor(list: JsonValue[], keys: readonly string[]) {
    this.keys = keys
    for (const item of list) {
      if (!isJsonObject(item)) continue
      const id = this.#idOf(item)
      if (!this.#items.has(id)) this.#items.set(id, item)
    }
  }

  find(item: JsonObject): JsonObject | undefined {
    return this.#items.get(this.#idOf(item))
  }

  /** Equal values have one number. */
  #idOf(item: JsonObject): string {
    const numbers = this.keys.map((key) => {
      const value = item[key]
      const known = this.#numbers.get(value) ?? this.#numbers.size
      this.#numbers.set(value, known)
      return known
    })
    return numbers.join(' ')
  }
}

/** An atomic map is owned as a whole, yet each of its fields has a past of its own. */
export function oldField(old: JsonValue | undefined, name: string): JsonValue | undefined {
  return isJsonObject(old) && Object.hasOwn(old, name) ? old[name] : undefined
}
