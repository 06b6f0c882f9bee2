// What a schema does not know is not kept, and neither is a null that nothing allows.
// Upstream: apiextensions-apiserver/pkg/apiserver/schema/pruning, defaulting/prunenulls.go.

import { isJsonObject, type JsonObject, type JsonValue } from '../../apimachinery/json.ts'
import { KEPT_DEPTH, tooDeep } from '../strict-json.ts'
import { child, type JsonSchema, META_FIELDS, schemaOfField, takesAnyField } from './json-schema.ts'

/** Changes the object; returns the places of what it has taken away: `spec.foo`, in order. */
export function prune(object: JsonObject, schema: JsonSchema): string[] {
  const unknown: string[] = []
  pruneValue(object, { ...schema, 'x-kubernetes-embedded-resource': true }, '', unknown)
  pruneNulls(object, schema)
  return unknown.sort()
}

function pruneValue(
  value: JsonValue,
  schema: JsonSchema | undefined,
  path: string,
  unknown: string[],
  depth = 0,
): void {
  if (depth > KEPT_DEPTH) throw tooDeep()
  if (Array.isArray(value)) {
    for (const [at, item] of value.entries()) pruneValue(item, schema?.items, `${path}[${at}]`, unknown, depth + 1)
    return
  }
  if (!isJsonObject(value)) return
  const keepsAll = schema?.['x-kubernetes-preserve-unknown-fields'] === true
  for (const [name, inner] of Object.entries(value)) {
    if (schema?.['x-kubernetes-embedded-resource'] && META_FIELDS.has(name)) continue
    const here = child(path, name)
    const known = schemaOfField(schema, name)
    const isKnown = known !== undefined || (schema !== undefined && takesAnyField(schema))
    if (known) pruneValue(inner, known, here, unknown, depth + 1)
    // `additionalProperties: true` says nothing of what is inside, which then has no schema.
    else if (isKnown && !keepsAll) pruneValue(inner, undefined, here, unknown, depth + 1)
    else if (!keepsAll) {
      unknown.push(here)
      delete value[name]
    }
  }
}

function pruneNulls(value: JsonValue, schema: JsonSchema | undefined): void {
  if (!schema) return
  if (Array.isArray(value)) for (const item of value) pruneNulls(item, schema.items)
  else if (isJsonObject(value)) {
    for (const [name, inner] of Object.entries(value)) {
      const known = schemaOfField(schema, name)
      if (inner !== null) pruneNulls(inner, known)
      else if (known && !known.nullable && known.default === undefined) delete value[name]
    }
  }
}
