// What Go's encoder writes of a new, empty object of a kind: `{ spec: { containers: null, … }, status: {} }`.
//
// A create is compared with this and not with nothing. So its author owns the fields of `spec.strategy` but not, as a
// thing of its own, the `strategy` that every Deployment has anyway.

import type { JsonObject, JsonValue } from '../../apimachinery/json.ts'
import type { GroupVersionKind, Schemas, TypeFact, ValueType } from '../schemas.ts'

export function emptyObjectOf(schemas: Schemas, gvk: GroupVersionKind): JsonObject {
  const type = schemas.typeOf(gvk)
  return type ? emptyOf(schemas, type) : {}
}

function emptyOf(schemas: Schemas, type: TypeFact): JsonObject {
  const empty: JsonObject = {}
  for (const field of type.fields.values()) if (field.always) empty[field.name] = zeroOf(schemas, field.type)
  return empty
}

function zeroOf(schemas: Schemas, type: ValueType): JsonValue {
  switch (type.kind) {
    case 'ref':
      return emptyOf(schemas, schemas.type(type.ref)!)
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
      return null
  }
}
