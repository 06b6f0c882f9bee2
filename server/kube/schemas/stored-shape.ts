// What comes from the store was written by whoever has its keys. What Go could not read as its kind is no object of it:
// everything behind the API server goes by the types. Values are not looked at, only whether they are of their type.

import { isJsonNumber, isJsonObject, type JsonObject, type JsonValue } from '../apimachinery/json.ts'
import type { GroupVersionKind, ScalarKind, Schemas, ValueType } from './schemas.ts'

const OBJECT_META = 'io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta'

/** Throws at the first field that is of another type, and leaves out nulls where there are types, which to Go are nothing. */
export function assertShape(schemas: Schemas, kind: GroupVersionKind, object: JsonValue): void {
  if (!isJsonObject(object) || !isJsonObject(object.metadata)) throw new Error('metadata is no object')
  const type = schemas.typeOf(kind)
  if (type) assertType(schemas, { kind: 'ref', ref: type.name }, object, kind.kind)
  else assertType(schemas, { kind: 'ref', ref: OBJECT_META }, object.metadata, 'metadata')
}

/**
 * A custom resource goes by its metadata alone, and keeps of that what is of its type: somebody should be able to mend the
 * rest. Says whether anything is not as it lies in the store. Throws where it cannot be told which object it is.
 */
export function mendCustom(schemas: Schemas, object: JsonValue): boolean {
  if (!isJsonObject(object) || !isJsonObject(object.metadata)) throw new Error('metadata is no object')
  const { metadata } = object
  if (typeof metadata.name !== 'string') throw new Error('name is no string')
  const isMended = mendMetadata(schemas, metadata)
  // Those of before they were counted.
  if (metadata.generation) return isMended
  metadata.generation = 1
  return true
}

/** Leaves out fields that are unknown or of another type. */
export function mendMetadata(schemas: Schemas, metadata: JsonObject): boolean {
  const { fields } = schemas.type(OBJECT_META)!
  const isFitting = (name: string, value: JsonValue) => {
    const field = fields.get(name)
    try {
      if (field) assertType(schemas, field.type, value, name)
      return field !== undefined
    } catch {
      return false
    }
  }
  const odd = Object.entries(metadata).filter(([name, value]) => !isFitting(name, value))
  for (const [name] of odd) delete metadata[name]
  return odd.length > 0
}

function assertType(schemas: Schemas, type: ValueType, value: JsonValue | undefined, path: string): void {
  if (value === undefined || type.kind === 'raw') return
  if (type.kind === 'array') {
    if (!Array.isArray(value)) throw new Error(`${path} is no list`)
    for (let at = 0; at < value.length; at++) assertType(schemas, type.items, value[at], path)
  } else if (type.kind === 'ref' || type.kind === 'map') {
    if (!isJsonObject(value)) throw new Error(`${path} is no object`)
    const fields = type.kind === 'ref' ? schemas.type(type.ref)!.fields : undefined
    for (const name in value) {
      const inner = fields ? fields.get(name)?.type : (type as { values: ValueType }).values
      if (inner && inner.kind !== 'raw' && value[name] === null) delete value[name]
      else if (inner) assertType(schemas, inner, value[name], name)
    }
  } else if (!isScalar(type.kind, value)) {
    throw new Error(`${path} is no ${type.kind}`)
  }
}

function isScalar(kind: Exclude<ScalarKind, 'raw'>, value: JsonValue): boolean {
  switch (kind) {
    case 'bool':
      return typeof value === 'boolean'
    case 'int32':
    case 'int64':
    case 'double':
      return isJsonNumber(value)
    case 'int-or-string':
    case 'quantity':
      return typeof value === 'string' || isJsonNumber(value)
    default:
      return typeof value === 'string'
  }
}
