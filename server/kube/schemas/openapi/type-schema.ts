// JSON schemas of types, in the two dialects the server speaks: OpenAPI 2 and OpenAPI 3.0.
//
// They differ where it matters to clients: version 2 has no oneOf, so what may be number or text is a text with a
// format; version 3 wraps a reference that has a description in allOf.

import { isJsonObject, type JsonObject, type JsonValue } from '../../apimachinery/json.ts'
import type { FieldFact, ScalarKind, Schemas, TypeFact, ValueType } from '../schemas.ts'
import { customDefinitions } from './custom-resource.ts'
import { type Dialect, referenceTo } from './dialect.ts'
import { bodyOfSubresource, type ServedKind } from './served-kind.ts'

const META = 'io.k8s.apimachinery.pkg.apis.meta.v1'
const INT_OR_STRING = 'io.k8s.apimachinery.pkg.util.intstr.IntOrString'
const QUANTITY = 'io.k8s.apimachinery.pkg.api.resource.Quantity'

/** Every definition that the given kinds and their operations reach, sorted by name. */
export function definitionsOf(kinds: readonly ServedKind[], dialect: Dialect): JsonObject {
  const definitions = new Map<string, JsonObject>()
  const gvks = gvksByType(kinds, dialect.schemas)
  const waiting = rootTypesOf(kinds, dialect.schemas)
  const refersTo = (name: string) => waiting.push(name)

  for (const kind of kinds) {
    if (!kind.schema) continue
    for (const [name, schema] of Object.entries(customDefinitions(kind, dialect)))
      definitions.set(name, schema as JsonObject)
  }
  for (let name = waiting.pop(); name; name = waiting.pop()) {
    if (definitions.has(name)) continue
    const type = dialect.schemas.type(name)
    const schema = type ? objectSchema(type, dialect, refersTo) : scalarDefinition(name, dialect)
    const known = gvks.get(name)
    definitions.set(name, known ? { ...schema, 'x-kubernetes-group-version-kind': known } : schema)
  }
  return Object.fromEntries([...definitions].sort(([a], [b]) => (a < b ? -1 : 1)))
}

/** The kinds themselves, their lists, and what requests and answers of any kind use. */
export function rootTypesOf(kinds: readonly ServedKind[], schemas: Schemas): string[] {
  const roots = ['ObjectMeta', 'ListMeta', 'DeleteOptions', 'Status', 'Patch'].map((name) => `${META}.${name}`)
  for (const kind of kinds) {
    if (kind.schema) continue
    for (const name of [kind.kind, `${kind.kind}List`]) {
      const type = schemas.typeOf({ ...kind, kind: name })
      if (type) roots.push(type.name)
    }
    for (const subresource of kind.subresources) {
      const body = bodyOfSubresource(kind, subresource, schemas)
      if (body) roots.push(body.type)
    }
  }
  return roots
}

function gvksByType(kinds: readonly ServedKind[], schemas: Schemas): Map<string, JsonValue[]> {
  const byType = new Map<string, JsonValue[]>()
  const add = (group: string, version: string, kind: string) => {
    const name = schemas.typeOf({ group, version, kind })?.name
    if (!name) return
    const known = byType.get(name) ?? []
    if (known.some((gvk) => isJsonObject(gvk) && gvk.group === group && gvk.version === version)) return
    byType.set(name, [...known, { group, kind, version }])
  }
  for (const served of kinds) {
    const { group, version } = served
    add(group, version, 'DeleteOptions')
    if (served.schema) continue
    add(group, version, served.kind)
    add(group, version, `${served.kind}List`)
    for (const subresource of served.subresources) {
      const body = bodyOfSubresource(served, subresource, schemas)
      if (body) add(body.gvk.group, body.gvk.version, body.gvk.kind)
    }
  }
  add('', 'v1', 'Status')
  return byType
}

function objectSchema(type: TypeFact, dialect: Dialect, refersTo: (name: string) => void): JsonObject {
  const properties: JsonObject = {}
  const required: string[] = []
  for (const field of [...type.fields.values()].sort((a, b) => (a.name < b.name ? -1 : 1))) {
    properties[field.name] = fieldSchema(field, type, dialect, refersTo)
    if (field.required) required.push(field.name)
  }
  const description = dialect.describe.get(type.name)
  return {
    ...(description ? { description } : {}),
    type: 'object',
    ...(required.length > 0 ? { required } : {}),
    ...(type.fields.size > 0 ? { properties } : {}),
    ...(type.atomic ? { 'x-kubernetes-map-type': 'atomic' } : {}),
  }
}

function fieldSchema(field: FieldFact, type: TypeFact, dialect: Dialect, refersTo: (name: string) => void): JsonObject {
  const value = valueSchema(field.type, type, dialect, refersTo)
  const facts: JsonObject = {}
  const own = dialect.describe.get(`${type.name}.${field.name}`)
  if (own) facts.description = own
  if (field.default !== undefined) facts.default = field.default as JsonValue
  if (field.enum) facts.enum = [...field.enum]
  if (field.listType) facts['x-kubernetes-list-type'] = field.listType
  if (field.listMapKeys) facts['x-kubernetes-list-map-keys'] = [...field.listMapKeys]
  if (field.mapType) facts['x-kubernetes-map-type'] = field.mapType
  if (field.patchMergeKey) facts['x-kubernetes-patch-merge-key'] = field.patchMergeKey
  if (field.patchStrategies.length > 0) facts['x-kubernetes-patch-strategy'] = field.patchStrategies.join(',')
  const isWrapped = value.$ref !== undefined && dialect.version === 3 && Object.keys(facts).length > 0
  // Without a text of its own a field shows that of its type. kubectl explain prints the texts of both sides of an allOf,
  // but of a plain reference only the target's: what has no facts of its own is not wrapped, and says nothing twice.
  const borrowed = field.type.kind === 'ref' && !own ? dialect.describe.get(field.type.ref) : undefined
  return { ...(borrowed ? { description: borrowed } : {}), ...facts, ...(isWrapped ? { allOf: [value] } : value) }
}

function valueSchema(type: ValueType, owner: TypeFact, dialect: Dialect, refersTo: (name: string) => void): JsonObject {
  const refer = (name: string) => {
    refersTo(name)
    return referenceTo(name, dialect.version)
  }
  switch (type.kind) {
    case 'ref':
      return refer(type.ref)
    case 'array':
      return { type: 'array', items: valueSchema(type.items, owner, dialect, refersTo) }
    case 'map':
      return { type: 'object', additionalProperties: valueSchema(type.values, owner, dialect, refersTo) }
    case 'int-or-string':
      return refer(INT_OR_STRING)
    case 'quantity':
      return refer(QUANTITY)
    case 'time':
      return refer(`${META}.Time`)
    case 'microtime':
      return refer(`${META}.MicroTime`)
    case 'duration':
      return refer(`${META}.Duration`)
    case 'raw':
      // In a CRD's schema any JSON may stand; elsewhere it is an object of a kind unknown here.
      return owner.name.includes('apiextensions') ? {} : { type: 'object' }
    default:
      return { ...PRIMITIVES[type.kind] }
  }
}

type PrimitiveKind = Exclude<ScalarKind, 'int-or-string' | 'quantity' | 'time' | 'microtime' | 'duration' | 'raw'>

const PRIMITIVES: Record<PrimitiveKind, JsonObject> = {
  string: { type: 'string' },
  bool: { type: 'boolean' },
  int32: { type: 'integer', format: 'int32' },
  int64: { type: 'integer', format: 'int64' },
  double: { type: 'number', format: 'double' },
  bytes: { type: 'string', format: 'byte' },
}

function scalarDefinition(name: string, { version }: Dialect): JsonObject {
  switch (name) {
    case INT_OR_STRING:
      return version === 3
        ? {
            oneOf: [{ type: 'integer' }, { type: 'string' }],
            format: 'int-or-string',
            description: 'A number or a text.',
          }
        : { type: 'string', format: 'int-or-string', description: 'A number or a text.' }
    case QUANTITY:
      return version === 3
        ? { oneOf: [{ type: 'string' }, { type: 'number' }], description: QUANTITY_DESCRIPTION }
        : { type: 'string', description: QUANTITY_DESCRIPTION }
    case `${META}.Time`:
    case `${META}.MicroTime`:
      return { type: 'string', format: 'date-time', description: 'A moment, in the form of RFC 3339.' }
    case `${META}.Duration`:
      return { type: 'string', description: 'A length of time: 90s, 5m, 1h30m.' }
    default:
      // meta.v1.Patch: the body of a patch, whose form depends on its content type.
      return { type: 'object', description: 'The body of a patch; its form depends on the content type.' }
  }
}

const QUANTITY_DESCRIPTION =
  'An amount of something: a number with an optional suffix, as in 100m (a tenth), 64Mi, 1.5, 2k.'
