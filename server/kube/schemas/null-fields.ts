// The nulls that Go writes where a list, a time or a pointer is not there and nothing says to leave it out:
// `lastProbeTime: null`, `rules: null`, `endpoints: null`.
//
// They are in the store and on the wire only: whoever reads an object from either finds nothing there
// (apimachinery/nulls.ts).

import { isJsonObject, type JsonObject, type JsonValue, setOwn } from '../apimachinery/json.ts'
import { saysNothingByNull } from '../apimachinery/nulls.ts'
import type { GroupVersionKind, Schemas, TypeFact, ValueType } from './schemas.ts'

/** A copy that shares what has none; the object itself where there are none in it. */
export function withNulls<T extends object>(schemas: Schemas, gvk: GroupVersionKind, object: T): T {
  const type = schemas.typeOf(gvk)
  return type && saysNothingByNull(gvk) ? (structWithNulls(schemas, type, object as JsonObject) as T) : object
}

function structWithNulls(schemas: Schemas, type: TypeFact, object: JsonObject): JsonObject {
  let changed: JsonObject | undefined
  for (const { name, type: inner } of schemas.waysToNulls(type)) {
    const value = object[name]
    if (value === undefined) continue
    const written = valueWithNulls(schemas, inner, value)
    if (written === value) continue
    changed ??= { ...object }
    changed[name] = written
  }
  const known = changed ?? object
  for (const name of type.nulls) if (known[name] === undefined) return completed(type, known)
  return known
}

/** In Go's order, which the object was in. */
function completed({ fields, nulls }: TypeFact, object: JsonObject): JsonObject {
  const whole: JsonObject = {}
  for (const name of fields.keys()) {
    const value = object[name]
    if (value !== undefined) whole[name] = value
    else if (nulls.has(name)) whole[name] = null
  }
  return whole
}

function valueWithNulls(schemas: Schemas, type: ValueType, value: JsonValue): JsonValue {
  if (type.kind === 'ref') {
    return isJsonObject(value) ? structWithNulls(schemas, schemas.type(type.ref)!, value) : value
  }
  if (type.kind === 'array') {
    if (!Array.isArray(value)) return value
    const list = value.map((element) => valueWithNulls(schemas, type.items, element))
    return list.some((element, at) => element !== value[at]) ? list : value
  }
  if (type.kind !== 'map' || !isJsonObject(value)) return value
  const map: JsonObject = {}
  for (const key in value) setOwn(map, key, valueWithNulls(schemas, type.values, value[key]!))
  return map
}
