// The definitions of a custom resource, made from its CustomResourceDefinition's schema.
// Upstream: apiextensions-apiserver/pkg/controller/openapi/builder.

import { isJsonObject, type JsonObject, type JsonValue } from '../../apimachinery/json.ts'
import { type Dialect, referenceTo } from './dialect.ts'
import { customDefinitionName, type ServedKind } from './served-kind.ts'

const META = 'io.k8s.apimachinery.pkg.apis.meta.v1'

export function customDefinitions(kind: ServedKind, dialect: Dialect): JsonObject {
  const name = customDefinitionName(kind)
  const asOfAPod = (field: string): JsonObject => {
    const description = dialect.describe.get(`io.k8s.api.core.v1.Pod.${field}`)
    return { type: 'string', ...(description ? { description } : {}) }
  }
  const envelope = (metadata: string, describes: string): JsonObject => ({
    apiVersion: asOfAPod('apiVersion'),
    kind: asOfAPod('kind'),
    metadata: { description: describes, ...reference(`${META}.${metadata}`, dialect.version) },
  })
  const { selectedBy: fields = [] } = kind
  const told = (kindName: string): JsonObject => ({
    'x-kubernetes-group-version-kind': [{ group: kind.group, kind: kindName, version: kind.version }],
    ...(fields.length > 0 ? { 'x-kubernetes-selectable-fields': fields.map((fieldPath) => ({ fieldPath })) } : {}),
  })
  const listKind = kind.listKind ?? `${kind.kind}List`
  const complete = (schema: JsonObject): JsonObject => ({
    ...schema,
    properties: { ...propertiesOf(schema), ...envelope('ObjectMeta', "Standard object's metadata.") },
  })
  const own = dialect.version === 3 ? kind.schema! : asVersion2(kind.schema!)
  // Of an object of open form kubectl up to 1.24 takes fields only when it knows of none, not even of its name.
  const isOpen = dialect.version === 2 && isOpenForm(own)
  return {
    [name]: {
      ...(isOpen ? {} : complete(withEmbedded(own, complete, dialect.version))),
      type: 'object',
      ...told(kind.kind),
    },
    [`${name}List`]: {
      description: `${listKind} is a list of ${kind.kind}`,
      type: 'object',
      required: ['items'],
      properties: {
        ...envelope('ListMeta', 'Standard list metadata.'),
        items: { type: 'array', items: referenceTo(name, dialect.version), description: `List of ${kind.plural}.` },
      },
      ...told(listKind),
    },
  }
}

const reference = (name: string, version: 2 | 3): JsonObject =>
  version === 3 ? { allOf: [referenceTo(name, version)] } : referenceTo(name, version)

const propertiesOf = ({ properties }: JsonObject): JsonObject => (isJsonObject(properties) ? properties : {})
const isOpenForm = (schema: JsonObject): boolean => schema['x-kubernetes-preserve-unknown-fields'] === true

const NOT_IN_VERSION_2 = new Set(['allOf', 'oneOf', 'anyOf', 'not', 'nullable'])

/**
 * What clients of version 2 can read, so that they refuse nothing that the server would take.
 * Upstream: apiextensions-apiserver/pkg/controller/openapi/v2/conversion.go.
 */
function asVersion2(schema: JsonObject): JsonObject {
  const isNullable = schema.nullable === true
  const isUntold = isNullable || isOpenForm(schema)
  const simple: JsonObject = {}
  for (const [key, value] of Object.entries(schema)) {
    if (NOT_IN_VERSION_2.has(key) || (isUntold && (key === 'properties' || key === 'items'))) continue
    if (
      key === 'type' &&
      (isNullable || (value === 'object' && isUntold) || (value === 'array' && (isUntold || !schema.items)))
    )
      continue
    simple[key] = value
  }
  const properties = propertiesOf(simple)
  if (Array.isArray(simple.required)) {
    const isNull = (name: JsonValue) => (properties[String(name)] as JsonObject | undefined)?.nullable === true
    const required = simple.required.filter((name) => !isNull(name))
    if (required.length > 0) simple.required = required
    else delete simple.required
  }
  return mapInner(simple, asVersion2)
}

/** An object within another has the fields that every object has. */
function withEmbedded(schema: JsonObject, complete: (schema: JsonObject) => JsonObject, version: 2 | 3): JsonObject {
  const inner = mapInner(schema, (each) => withEmbedded(each, complete, version))
  if (inner['x-kubernetes-embedded-resource'] !== true || (version === 2 && isOpenForm(inner))) return inner
  const required = Array.isArray(inner.required) ? inner.required : []
  return { ...complete(inner), required: [...new Set([...required, 'kind', 'apiVersion'])] }
}

function mapInner(schema: JsonObject, change: (inner: JsonObject) => JsonObject): JsonObject {
  const changed = { ...schema }
  if (isJsonObject(schema.properties)) {
    changed.properties = Object.fromEntries(
      Object.entries(schema.properties).map(([name, inner]) => [name, isJsonObject(inner) ? change(inner) : inner]),
    )
  }
  for (const key of ['items', 'additionalProperties'] as const) {
    const inner = schema[key]
    if (isJsonObject(inner)) changed[key] = change(inner)
  }
  return changed
}
