// The order in which Go writes an object: the fields of a struct as they are declared, the keys of a map sorted.
//
// No program minds, but whoever looks with curl compares with what books print, and objects of one shape are faster to
// V8 than those of many. What is frozen has been through here, or is nobody's to change.

import { isJsonObject, type JsonObject, type JsonValue, setOwn } from '../apimachinery/json.ts'
import type { GroupVersionKind, Schemas, TypeFact, ValueType } from './schemas.ts'

/** The object itself where it is in order, else a copy that shares what is. Custom resources stay as they are. */
export function inGoOrder<T extends object>(schemas: Schemas, gvk: GroupVersionKind, object: T): T {
  const type = schemas.typeOf(gvk)
  return type ? (structInOrder(schemas, type, object as JsonObject) as T) : object
}

/** All keys sorted, at every depth: so Go writes what it has no type for. */
export function sortedKeys(value: JsonValue): JsonValue {
  if (Array.isArray(value)) return value.map(sortedKeys)
  if (!isJsonObject(value)) return value
  const sorted: JsonObject = {}
  for (const key of Object.keys(value).sort()) setOwn(sorted, key, sortedKeys(value[key]!))
  return sorted
}

function structInOrder(schemas: Schemas, type: TypeFact, object: JsonObject): JsonObject {
  if (Object.isFrozen(object)) return object
  let changed: JsonObject | undefined
  let [last, isSorted] = [-1, true]
  for (const name in object) {
    const field = type.fields.get(name)
    if (!field) continue
    if (field.place < last) isSorted = false
    last = field.place
    const value = object[name]!
    const ordered = valueInOrder(schemas, field.type, value)
    if (ordered === value) continue
    changed ??= { ...object }
    changed[name] = ordered
  }
  return isSorted ? (changed ?? object) : structRebuilt(type, changed ?? object)
}

/** What the type does not know comes last, as it came. */
function structRebuilt({ fields }: TypeFact, object: JsonObject): JsonObject {
  const sorted: JsonObject = {}
  for (const name of fields.keys()) if (Object.hasOwn(object, name)) sorted[name] = object[name]!
  for (const name in object) if (!fields.has(name)) setOwn(sorted, name, object[name]!)
  return sorted
}

function valueInOrder(schemas: Schemas, type: ValueType, value: JsonValue): JsonValue {
  if (typeof value !== 'object' || value === null || Object.isFrozen(value)) return value
  if (type.kind === 'ref') return isJsonObject(value) ? structInOrder(schemas, schemas.type(type.ref)!, value) : value
  if (type.kind === 'map') return isJsonObject(value) ? mapInOrder(schemas, type.values, value) : value
  if (type.kind !== 'array' || !Array.isArray(value)) return value
  let changed: JsonValue[] | undefined
  for (let at = 0; at < value.length; at++) {
    const ordered = valueInOrder(schemas, type.items, value[at]!)
    if (ordered === value[at]) continue
    changed ??= [...value]
    changed[at] = ordered
  }
  return changed ?? value
}

function mapInOrder(schemas: Schemas, values: ValueType, map: JsonObject): JsonObject {
  let changed: JsonObject | undefined
  let [last, isSorted] = ['', true]
  for (const key in map) {
    if (key < last) isSorted = false
    last = key
    const ordered = valueInOrder(schemas, values, map[key]!)
    if (ordered === map[key]) continue
    changed ??= { ...map }
    setOwn(changed, key, ordered)
  }
  return isSorted ? (changed ?? map) : rebuilt(changed ?? map)
}

function rebuilt(object: JsonObject): JsonObject {
  const sorted: JsonObject = {}
  for (const key of Object.keys(object).sort()) {
    if (key === '__proto__') setOwn(sorted, key, object[key]!)
    else sorted[key] = object[key]!
  }
  return sorted
}
