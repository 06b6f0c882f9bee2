// A type as server-side apply sees it: what is owned as a whole, and how the elements of a list are told apart.

import { isJsonObject, type JsonValue } from '../../apimachinery/json.ts'
import type { FieldFact, GroupVersionKind, Schemas, ValueType } from '../schemas.ts'

export type ApplySchema =
  /** A scalar, or anything owned as a whole. */
  | { kind: 'leaf' }
  | { kind: 'map'; field(name: string): ApplyField; nulls?: ReadonlySet<string> }
  /** Without keys: a set of scalars. */
  | { kind: 'list'; keys: readonly string[]; keyDefaults: Readonly<Record<string, JsonValue>>; items: ApplySchema }
  /** No type is known: objects merge field by field, lists are owned whole. */
  | { kind: 'untyped' }

export interface ApplyField {
  schema: ApplySchema
  isDeclared: boolean
  /**
   * What Go writes of it where it is not there: `strategy: {}`, `containers: null`. Objects are compared as Go writes
   * them, so whoever sets `spec.strategy.type` does not own, as a thing of its own, the `strategy` every Deployment has.
   */
  zero?: JsonValue
}

/** For kinds without facts (custom resources without a schema): what their values look like decides. */
export const UNTYPED: ApplySchema = { kind: 'untyped' }
const LEAF: ApplySchema = { kind: 'leaf' }
const UNDECLARED = { schema: UNTYPED, isDeclared: false }
const UNTYPED_MAP: ApplySchema = { kind: 'map', field: () => UNDECLARED }

/** Keep the result: it unpacks itself as it is walked, each type and field once. */
export function applySchemaOf(schemas: Schemas, gvk: GroupVersionKind): ApplySchema {
  const type = schemas.typeOf(gvk)
  return type ? schemaOfRef(schemas, type.name) : UNTYPED
}

/** The schema that holds for a value: an untyped one is taken for what it looks like. */
export function resolved(schema: ApplySchema, value: JsonValue | undefined): ApplySchema {
  if (schema.kind !== 'untyped') return schema
  return isJsonObject(value) ? UNTYPED_MAP : LEAF
}

function schemaOfRef(schemas: Schemas, name: string): ApplySchema {
  const type = schemas.type(name)!
  const known = new Map<string, ApplyField>()
  return {
    kind: 'map',
    nulls: type.nulls,
    field(fieldName) {
      const found = known.get(fieldName)
      if (found) return found
      const field = type.fields.get(fieldName)
      if (!field) return UNDECLARED
      const zero = field.always ? { zero: zeroOf(field.type) } : {}
      const declared = { schema: schemaOfField(schemas, field), isDeclared: true, ...zero }
      known.set(fieldName, declared)
      return declared
    },
  }
}

export function schemaOfField(schemas: Schemas, field: FieldFact): ApplySchema {
  const { type } = field
  if (field.mapType === 'atomic') return LEAF
  if (type.kind === 'ref') {
    const isWhole = schemas.type(type.ref)!.atomic && field.mapType !== 'granular'
    return isWhole ? LEAF : schemaOfRef(schemas, type.ref)
  }
  if (type.kind === 'map') return schemaOfMap(schemas, type.values)
  if (type.kind !== 'array' || field.listType === undefined || field.listType === 'atomic') return LEAF
  const keys = field.listType === 'map' ? (field.listMapKeys ?? []) : []
  return {
    kind: 'list',
    keys,
    keyDefaults: defaultsOf(schemas, type.items, keys),
    items: schemaOfValue(schemas, type.items),
  }
}

function schemaOfMap(schemas: Schemas, values: ValueType): ApplySchema {
  const schema = schemaOfValue(schemas, values)
  const entry = { schema, isDeclared: false }
  return { kind: 'map', field: () => entry }
}

function schemaOfValue(schemas: Schemas, type: ValueType): ApplySchema {
  if (type.kind === 'map') return schemaOfMap(schemas, type.values)
  if (type.kind !== 'ref' || schemas.type(type.ref)!.atomic) return LEAF
  return schemaOfRef(schemas, type.ref)
}

/** A port without a protocol is the port with TCP. */
function defaultsOf(schemas: Schemas, items: ValueType, keys: readonly string[]): Record<string, JsonValue> {
  if (items.kind !== 'ref') return {}
  const defaults: Record<string, JsonValue> = {}
  for (const key of keys) {
    const value = schemas.type(items.ref)!.fields.get(key)?.default
    if (value !== undefined) defaults[key] = value as JsonValue
  }
  return defaults
}

function zeroOf(type: ValueType): JsonValue {
  switch (type.kind) {
    case 'ref':
      return {}
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
