// The definitions of a custom resource, made from its CustomResourceDefinition's schema.
// Upstream: apiextensions-apiserver/pkg/controller/openapi/builder.

import { isJsonObject, type JsonObject, type JsonValue } from '../../apimachinery/json.ts'
import { type Dialect, referenceTo } from './dialect.ts'
import { customDefinitionName, type ServedKind } from './served-kind.ts'

const META = 'io.k8s.apimachinery.pkg.apis.meta.v1'

export function customDefinitions(kind: ServedKind, dialect: Dialect): JsonObject {
  const name = customDefinitionName(kind)
  const own = dialect.version === 3 ? kind.schema! : asVersion2(kind.schema!)
  const asOfAPod = (field: string): JsonObject => {
    const description = dialect.describe.get(`io.k8s.api.core.v1.Pod.${field}`)
    return { type: 'string', ...(description ? { description } : {}) }
  }
  const envelope = (metadata: string, describes: string): JsonObject => ({
    apiVersion: asOfAPod('apiVersion'),
    kind: asOfAPod('kind'),
    metadata: { description: describes, ...reference(`${META}.${metadata}`, dialect.version) },
  })
  const gvk = (kindName: string) => [{ group: kind.group, kind: kindName, version: kind.version }]
  const listKind = kind.listKind ?? `${kind.kind}List`
  const properties = isJsonObject(own.properties) ? own.properties : {}
  return {
    [name]: {
      ...own,
      type: 'object',
      properties: { ...properties, ...envelope('ObjectMeta', "Standard object's metadata.") },
      'x-kubernetes-group-version-kind': gvk(kind.kind),
    },
    [`${name}List`]: {
      description: `${listKind} is a list of ${kind.kind}`,
      type: 'object',
      required: ['items'],
      properties: {
        ...envelope('ListMeta', 'Standard list metadata.'),
        items: { type: 'array', items: referenceTo(name, dialect.version), description: `List of ${kind.plural}.` },
      },
      'x-kubernetes-group-version-kind': gvk(listKind),
    },
  }
}

const reference = (name: string, version: 2 | 3): JsonObject =>
  version === 3 ? { allOf: [referenceTo(name, version)] } : referenceTo(name, version)

const KEPT_IN_VERSION_2 = new Set(['description', 'type', 'format', 'title', 'required', 'enum', 'pattern', 'default'])

/** Version 2 has no oneOf, nullable and the like; clients of it must not refuse what the server would take. */
function asVersion2(schema: JsonObject): JsonObject {
  if (schema['x-kubernetes-int-or-string'] === true) {
    return { ...pick(schema, 'description'), type: 'string', format: 'int-or-string' }
  }
  // A value that may be null or of open form is described as any value at all.
  if (schema.nullable === true || schema['x-kubernetes-preserve-unknown-fields'] === true)
    return pick(schema, 'description')
  const simple: JsonObject = {}
  for (const [key, value] of Object.entries(schema)) {
    if (KEPT_IN_VERSION_2.has(key) || key.startsWith('x-kubernetes-list') || key.startsWith('x-kubernetes-map')) {
      simple[key] = value
    } else if (key === 'properties' && isJsonObject(value)) {
      simple.properties = mapValues(value, (inner) => (isJsonObject(inner) ? asVersion2(inner) : {}))
    } else if ((key === 'items' || key === 'additionalProperties') && isJsonObject(value)) {
      simple[key] = asVersion2(value)
    }
  }
  return simple
}

function pick(schema: JsonObject, key: string): JsonObject {
  const value = schema[key]
  return value === undefined ? {} : { [key]: value }
}

const mapValues = (object: JsonObject, change: (value: JsonValue) => JsonValue): JsonObject =>
  Object.fromEntries(Object.entries(object).map(([key, value]) => [key, change(value)]))
