// The defaults that the types themselves declare (`+default=`). Only a few dozen do; the rest of Kubernetes' defaults
// are code upstream, and ours live with each kind in kinds/.

import { isJsonObject, type JsonObject, type JsonValue } from '../apimachinery/json.ts'
import type { GroupVersionKind, Schemas, TypeFact, ValueType } from './schemas.ts'

/** Changes the object given; never creates a parent only to hold a default. */
export function applySchemaDefaults(schemas: Schemas, gvk: GroupVersionKind, object: JsonObject): void {
  const type = schemas.typeOf(gvk)
  if (type) defaultObject(schemas, type, object)
}

function defaultObject(schemas: Schemas, type: TypeFact, object: JsonObject): void {
  for (const field of type.fields.values()) {
    const value = object[field.name]
    if (value !== undefined) defaultValue(schemas, field.type, value)
    // An empty text default is what absence means anyway.
    else if (field.default !== undefined && field.default !== '') {
      object[field.name] = structuredClone(field.default) as JsonValue
    }
  }
}

function defaultValue(schemas: Schemas, type: ValueType, value: JsonValue): void {
  if (type.kind === 'ref' && isJsonObject(value)) defaultObject(schemas, schemas.type(type.ref)!, value)
  else if (type.kind === 'array' && Array.isArray(value)) {
    for (const element of value) defaultValue(schemas, type.items, element)
  } else if (type.kind === 'map' && isJsonObject(value)) {
    for (const element of Object.values(value)) defaultValue(schemas, type.values, element)
  }
}
