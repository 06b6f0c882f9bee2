// A custom resource as server-side apply sees it: the counterpart of apply/apply-schema.ts for kinds whose fields are told
// by a schema. Upstream: kube-openapi/pkg/schemaconv.

import type { JsonValue } from '../../apimachinery/json.ts'
import { type ApplyField, type ApplySchema, applySchemaOf, UNTYPED } from '../apply/apply-schema.ts'
import type { GroupVersionKind, Schemas } from '../schemas.ts'
import { type JsonSchema, META_FIELDS } from './json-schema.ts'

const LEAF: ApplySchema = { kind: 'leaf' }

/** A kind that is metadata and nothing else: what all objects share. */
const ANY = { group: 'meta.k8s.io', version: 'v1', kind: 'PartialObjectMetadata' }

/** Of any kind that is served. Keep the result, as applySchemaOf's. */
export const applySchemaOfKind = (schemas: Schemas, gvk: GroupVersionKind & { schema?: JsonSchema }): ApplySchema =>
  gvk.schema ? applySchemaOfCustom(schemas, gvk.schema) : applySchemaOf(schemas, gvk)

function applySchemaOfCustom(schemas: Schemas, schema: JsonSchema): ApplySchema {
  const any = applySchemaOf(schemas, ANY)
  const own = mapOf(schema)
  return {
    kind: 'map',
    field: (name) => (META_FIELDS.has(name) && any.kind === 'map' ? any.field(name) : own(name)),
  }
}

export function applySchemaOfSchema(schema: JsonSchema): ApplySchema {
  if (schema['x-kubernetes-int-or-string']) return LEAF
  if (schema.type === 'array') return listOf(schema)
  if (schema.type === 'object') {
    return schema['x-kubernetes-map-type'] === 'atomic' ? LEAF : { kind: 'map', field: mapOf(schema) }
  }
  return schema.type ? LEAF : UNTYPED
}

function mapOf({ properties, additionalProperties: rest }: JsonSchema): (name: string) => ApplyField {
  const known = new Map<string, ApplyField>()
  const others: ApplyField = {
    schema: typeof rest === 'object' ? applySchemaOfSchema(rest) : UNTYPED,
    isDeclared: false,
  }
  return (name) => {
    const found = known.get(name)
    if (found) return found
    const own = properties && Object.hasOwn(properties, name) ? properties[name] : undefined
    if (!own) return others
    const field = { schema: applySchemaOfSchema(own), isDeclared: true }
    known.set(name, field)
    return field
  }
}

function listOf(schema: JsonSchema): ApplySchema {
  const { items = {} } = schema
  const type = schema['x-kubernetes-list-type']
  if (type !== 'set' && type !== 'map') return LEAF
  const keys = type === 'map' ? (schema['x-kubernetes-list-map-keys'] ?? []) : []
  const keyDefaults: Record<string, JsonValue> = {}
  for (const key of keys) {
    const value = items.properties?.[key]?.default
    if (value !== undefined) keyDefaults[key] = value
  }
  return { kind: 'list', keys, keyDefaults, items: applySchemaOfSchema(items) }
}
