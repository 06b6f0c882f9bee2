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

/** Fields of an atomic map are nothing by themselves. */
export function oldField(schema: JsonSchema, old: JsonValue | undefined, name: string): JsonValue | undefined {
  if (schema['x-kubernetes-map-type'] === 'atomic' || !isJsonObject(old)) return undefined
  return Object.hasOwn(old, name) ? old[name] : undefined
}
