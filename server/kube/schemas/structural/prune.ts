// What a schema does not know is not kept, and neither is a null that nothing allows.
// Upstream: apiextensions-apiserver/pkg/apiserver/schema/pruning, defaulting/prunenulls.go.

import { KEPT_DEPTH } from '../../apimachinery/depth.ts'
import { isJsonObject, type JsonObject, type JsonValue } from '../../apimachinery/json.ts'
import { type Findings, textFindings } from '../../apimachinery/told.ts'
import { tooDeep } from '../strict-json.ts'
import { child, type JsonSchema, META_FIELDS, schemaOfField, takesAnyField } from './json-schema.ts'

/** Of an object within the object. */
type OnEmbedded = (value: JsonObject, path: string) => void

/** Changes the object; returns the places of what it has taken away: `spec.foo`, in order. */
export function prune(object: JsonObject, schema: JsonSchema, onEmbedded?: OnEmbedded): string[] {
  const unknown = textFindings()
  pruneValue(object, { ...schema, 'x-kubernetes-embedded-resource': true }, '', { unknown, onEmbedded })
  pruneNulls(object, schema)
  return unknown.all.sort()
}

function pruneValue(
  value: JsonValue,
  schema: JsonSchema | undefined,
  path: string,
  told: { unknown: Findings<string>; onEmbedded: OnEmbedded | undefined },
  depth = 0,
): void {
  if (depth > KEPT_DEPTH) throw tooDeep()
  if (Array.isArray(value)) {
    for (const [at, item] of value.entries()) pruneValue(item, schema?.items, `${path}[${at}]`, told, depth + 1)
    return
  }
  if (!isJsonObject(value)) return
  if (path !== '' && schema?.['x-kubernetes-embedded-resource']) told.onEmbedded?.(value, path)
  const keepsAll = schema?.['x-kubernetes-preserve-unknown-fields'] === true
  for (const [name, inner] of Object.entries(value)) {
    if (schema?.['x-kubernetes-embedded-resource'] && META_FIELDS.has(name)) continue
    const known = schemaOfField(schema, name)
    const isKnown = known !== undefined || (schema !== undefined && takesAnyField(schema))
    // Of `additionalProperties: true` nothing is known of what is inside, which then has no schema.
    if (known || (isKnown && !keepsAll)) {
      if (typeof inner === 'object') pruneValue(inner, known, child(path, name), told, depth + 1)
    } else if (!keepsAll) {
      told.unknown.add(child(path, name))
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
