// Which old value stands for which new one. Elements of lists can be told apart by their keys only; those of other lists
// have no past. Upstream: apiserver/pkg/cel/common/equality.go.

import { isJsonObject, type JsonValue } from '../../apimachinery/json.ts'
import type { JsonSchema } from './json-schema.ts'

export function oldItem(
  schema: JsonSchema,
  { old, item }: { old: JsonValue | undefined; item: JsonValue },
): JsonValue | undefined {
  const keys = schema['x-kubernetes-list-map-keys'] ?? []
  if (schema['x-kubernetes-list-type'] !== 'map' || !Array.isArray(old) || !isJsonObject(item)) return undefined
  return old.find((candidate) => isJsonObject(candidate) && keys.every((key) => candidate[key] === item[key]))
}

/** An atomic map is owned as a whole, yet each of its fields has a past of its own. */
export function oldField(old: JsonValue | undefined, name: string): JsonValue | undefined {
  return isJsonObject(old) && Object.hasOwn(old, name) ? old[name] : undefined
}
