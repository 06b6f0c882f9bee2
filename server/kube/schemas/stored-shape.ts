// What comes from the store was written by whoever has its keys. What Go could not read as its kind is no object of it:
// everything behind the API server goes by the types. Values are not looked at, only whether they are of their type.

import { isJsonNumber, isJsonObject, type JsonValue } from '../apimachinery/json.ts'
import type { GroupVersionKind, ScalarKind, Schemas, ValueType } from './schemas.ts'

const OBJECT_META = 'io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta'

/**
 * Throws at the first field that is of another type, and leaves out nulls where there are types, which to Go are nothing. Of
 * custom resources the metadata has types, whatever they are called.
 */
export function assertShape(schemas: Schemas, kind: GroupVersionKind & { schema?: unknown }, object: JsonValue): void {
  if (!isJsonObject(object) || !isJsonObject(object.metadata)) throw new Error('metadata is no object')
  const type = kind.schema ? undefined : schemas.typeOf(kind)
  if (type) assertType(schemas, { kind: 'ref', ref: type.name }, object, kind.kind)
  else assertType(schemas, { kind: 'ref', ref: OBJECT_META }, object.metadata, 'metadata')
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
