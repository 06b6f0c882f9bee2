// Writes the fields that Kubernetes writes even when nobody set them: `resources: {}`, `status: {}`, `replicas: 0`.
//
// Go's encoder leaves out only what is marked `omitempty` and is no struct. Clients see the difference (`kubectl get -o
// yaml`, diffs, field managers), so an object is completed like this once, after defaulting and validation and before it
// is stored. Lists and maps are the exception: where Go would write null we write nothing, which every reader accepts.

import { isJsonObject, type JsonObject, type JsonValue } from '../apimachinery/json.ts'
import type { GroupVersionKind, Schemas, TypeFact, ValueType } from './schemas.ts'

/** A status that nobody has written yet; undefined for kinds that have none. */
export function emptyStatusOf(schemas: Schemas, gvk: GroupVersionKind): JsonValue | undefined {
  const status = schemas.typeOf(gvk)?.fields.get('status')
  return status?.always ? emptyOf(schemas, status.type) : undefined
}

/** Changes the object given. Does nothing to kinds without facts. */
export function writeEmptyFields(schemas: Schemas, gvk: GroupVersionKind, object: JsonObject): void {
  const type = schemas.typeOf(gvk)
  if (type) completeObject(schemas, type, object)
}

function completeObject(schemas: Schemas, type: TypeFact, object: JsonObject): void {
  for (const field of type.fields.values()) {
    const value = object[field.name]
    if (value !== undefined) completeValue(schemas, field.type, value)
    else if (field.always) {
      const empty = emptyOf(schemas, field.type)
      if (empty !== undefined) object[field.name] = empty
    }
  }
}

function completeValue(schemas: Schemas, type: ValueType, value: JsonValue): void {
  if (type.kind === 'ref' && isJsonObject(value)) completeObject(schemas, schemas.type(type.ref)!, value)
  else if (type.kind === 'array' && Array.isArray(value)) {
    if (type.items.kind === 'ref') for (const element of value) completeValue(schemas, type.items, element)
  } else if (type.kind === 'map' && isJsonObject(value)) {
    if (type.values.kind === 'ref')
      for (const element of Object.values(value)) completeValue(schemas, type.values, element)
  }
}

function emptyOf(schemas: Schemas, type: ValueType): JsonValue | undefined {
  switch (type.kind) {
    case 'ref': {
      const empty: JsonObject = {}
      completeObject(schemas, schemas.type(type.ref)!, empty)
      return empty
    }
    case 'string':
      return ''
    case 'bool':
      return false
    case 'int32':
    case 'int64':
    case 'double':
    case 'int-or-string':
      return 0
    case 'quantity':
      return '0'
    default:
      return undefined
  }
}
