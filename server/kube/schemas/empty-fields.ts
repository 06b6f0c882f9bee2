// The fields that Kubernetes writes even when nobody set them: `resources: {}`, `status: {}`, `replicas: 0`.
//
// Go's encoder leaves out only what is marked `omitempty` and is no struct. Clients see the difference (`kubectl get -o
// yaml`, diffs, field managers), so decode() completes what it reads, before anything else looks at it. What was stored
// before we did so is completed when it comes from the store. What Go writes as null (null-fields.ts) is not there.

import { isJsonObject, type JsonObject, type JsonValue } from '../apimachinery/json.ts'
import type { GroupVersionKind, Schemas, TypeFact, ValueType } from './schemas.ts'

/** A status that nobody has written yet; undefined for kinds that have none. */
export function emptyStatusOf(schemas: Schemas, gvk: GroupVersionKind): JsonValue | undefined {
  const status = schemas.typeOf(gvk)?.fields.get('status')
  return status?.always ? emptyOf(schemas, status.type) : undefined
}

/** Changes the object given, to its last list element. Does nothing to kinds without facts. */
export function writeEmptyFields(schemas: Schemas, gvk: GroupVersionKind, object: JsonObject): void {
  const type = schemas.typeOf(gvk)
  if (type) completeValue(schemas, { kind: 'ref', ref: type.name }, object)
}

/** Of this object only, not of what is in it. */
export function writeOwnEmptyFields(schemas: Schemas, { always }: TypeFact, object: JsonObject): void {
  for (const { name, type } of always) {
    if (object[name] !== undefined) continue
    const empty = emptyOf(schemas, type)
    if (empty !== undefined) object[name] = empty
  }
}

function completeValue(schemas: Schemas, type: ValueType, value: JsonValue): void {
  if (type.kind === 'ref' && isJsonObject(value)) {
    const fact = schemas.type(type.ref)!
    for (const [name, inner] of Object.entries(value)) {
      const field = fact.fields.get(name)
      if (field) completeValue(schemas, field.type, inner)
    }
    writeOwnEmptyFields(schemas, fact, value)
  } else if (type.kind === 'array' && Array.isArray(value)) {
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
      writeOwnEmptyFields(schemas, schemas.type(type.ref)!, empty)
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
