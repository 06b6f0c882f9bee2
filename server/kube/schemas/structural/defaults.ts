// Defaults fill what is absent, from the outside in: an absent object gets no defaults inside, unless it has one itself.
// Upstream: apiextensions-apiserver/pkg/apiserver/schema/defaulting/algorithm.go.

import { deepCopy } from '../../apimachinery/deep.ts'
import { isJsonObject, type JsonValue } from '../../apimachinery/json.ts'
import { setOwn } from '../strict-json.ts'
import { type JsonSchema, schemaOfField } from './json-schema.ts'

/** Changes the value. */
export function setSchemaDefaults(value: JsonValue, schema: JsonSchema | undefined): void {
  if (!schema) return
  if (Array.isArray(value)) {
    const { items } = schema
    for (const [at, item] of value.entries()) {
      if (isBareNull(item, items)) value[at] = copyOf(items?.default)
      setSchemaDefaults(value[at] ?? null, items)
    }
    return
  }
  if (!isJsonObject(value)) return
  for (const [name, property] of Object.entries(schema.properties ?? {})) {
    if (property.default === undefined) continue
    if (!Object.hasOwn(value, name) || isBareNull(value[name] ?? null, property)) {
      setOwn(value, name, copyOf(property.default))
    }
  }
  for (const name of Object.keys(value)) {
    const known = schemaOfField(schema, name)
    if (known?.default !== undefined && isBareNull(value[name] ?? null, known))
      setOwn(value, name, copyOf(known.default))
    setSchemaDefaults(value[name] ?? null, known)
  }
}

const isBareNull = (value: JsonValue, schema: JsonSchema | undefined) =>
  value === null && schema !== undefined && schema.nullable !== true

const copyOf = (value: JsonValue | undefined): JsonValue => (value === undefined ? null : deepCopy(value))
