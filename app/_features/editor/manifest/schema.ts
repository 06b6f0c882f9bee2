// The API server's own OpenAPI schemas, as far as an editor needs them: which one a kind has, and what a field of it is.

export interface Schema {
  type?: string
  format?: string
  description?: string
  $ref?: string
  allOf?: Schema[]
  oneOf?: Schema[]
  properties?: Record<string, Schema>
  required?: string[]
  additionalProperties?: Schema | boolean
  items?: Schema
  enum?: string[]
  'x-kubernetes-int-or-string'?: boolean
  'x-kubernetes-preserve-unknown-fields'?: boolean
  'x-kubernetes-group-version-kind'?: { group: string; version: string; kind: string }[]
}

/** The schemas of one group version by their names. */
export type Schemas = Record<string, Schema>

/** What is known of a cluster: which group versions it serves, and the schemas of those that were loaded. */
export interface KnownSchemas {
  /** As paths: `api/v1`, `apis/apps/v1`. */
  groupVersions: readonly string[]
  loaded: ReadonlyMap<string, Schemas>
}

/** A schema together with those that it may refer to. */
export interface Place {
  schema: Schema
  all: Schemas
}

/** An item of a list, in a path. */
export const ITEM = Symbol('item')
export type FieldPath = readonly (string | typeof ITEM)[]

/** `apps/v1` → `apis/apps/v1`. */
export const pathOf = (apiVersion: string): string =>
  apiVersion.includes('/') ? `apis/${apiVersion}` : `api/${apiVersion}`
export const apiVersionOf = (path: string): string => path.replace(/^apis?\//, '')

export function placeOfKind(known: KnownSchemas, apiVersion: string, kind: string): Place | undefined {
  const all = known.loaded.get(pathOf(apiVersion))
  const schema = all && kindsIn(all, apiVersion).get(kind)
  return all && schema && resolved({ schema, all })
}

/** The kinds that may stand in a manifest: what has a kind and metadata. */
export function kindsIn(all: Schemas, apiVersion: string): Map<string, Schema> {
  const [version = '', group = ''] = apiVersion.split('/').reverse()
  const kinds = new Map<string, Schema>()
  for (const schema of Object.values(all)) {
    if (!schema.properties?.metadata) continue
    for (const gvk of schema['x-kubernetes-group-version-kind'] ?? []) {
      if (gvk.group === group && gvk.version === version) kinds.set(gvk.kind, schema)
    }
  }
  return kinds
}

/** Follows references; what is said where the reference stands goes before what is said behind it. */
export function resolved({ schema, all }: Place): Place {
  const target = schema.$ref ? all[schema.$ref.slice(schema.$ref.lastIndexOf('/') + 1)] : schema.allOf?.[0]
  if (!target) return { schema, all }
  const { $ref: _, allOf: __, ...here } = schema
  return { schema: { ...resolved({ schema: target, all }).schema, ...here }, all }
}

export function fieldOf(place: Place, name: string): Place | undefined {
  const { schema, all } = place
  const { properties, additionalProperties } = schema
  if (properties && Object.hasOwn(properties, name)) return resolved({ schema: properties[name]!, all })
  if (typeof additionalProperties === 'object') return resolved({ schema: additionalProperties, all })
  return undefined
}

export function itemOf({ schema, all }: Place): Place | undefined {
  return schema.items && resolved({ schema: schema.items, all })
}

export function placeAt(root: Place, path: FieldPath): Place | undefined {
  let place: Place | undefined = root
  for (const step of path) place = place && (step === ITEM ? itemOf(place) : fieldOf(place, step))
  return place
}

/** Whether fields may stand here that the schema does not name. */
export function isOpen({ schema }: Place): boolean {
  const { properties, additionalProperties, type } = schema
  if (schema['x-kubernetes-preserve-unknown-fields'] || additionalProperties === true) return true
  return !properties && !additionalProperties && (type === undefined || type === 'object')
}

const isIntOrString = (schema: Schema) => schema['x-kubernetes-int-or-string'] || schema.format === 'int-or-string'

/** What may stand here, in words: `text`, `a whole number`, `a list`. */
export function typeWords(schema: Schema): string {
  if (isIntOrString(schema)) return 'a whole number or text'
  if (schema.oneOf) return schema.oneOf.map((one) => typeWords(one)).join(' or ')
  switch (schema.type) {
    case 'string':
      return 'text'
    case 'integer':
      return 'a whole number'
    case 'number':
      return 'a number'
    case 'boolean':
      return 'true or false'
    case 'array':
      return 'a list'
    case 'object':
      return 'an object'
  }
  return 'anything'
}

/** Whether a value of that kind may stand here. */
export function allows(schema: Schema, is: ValueType): boolean {
  if (isIntOrString(schema)) return is === 'integer' || is === 'string'
  if (schema.oneOf) return schema.oneOf.some((one) => allows(one, is))
  if (schema.type === undefined) return true
  return schema.type === is || (schema.type === 'number' && is === 'integer')
}

export type ValueType = 'string' | 'integer' | 'number' | 'boolean' | 'array' | 'object'
