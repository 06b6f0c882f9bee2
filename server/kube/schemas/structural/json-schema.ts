// A structural schema: what a CustomResourceDefinition says of its objects. It is used as it is written; the words of
// each question asked of it (pruning, defaults, validity, owners of fields) have a file of their own beside this one.
// Upstream: apiextensions-apiserver/pkg/apiserver/schema.

import { isJsonObject, type JsonValue } from '../../apimachinery/json.ts'

export interface JsonSchema {
  type?: string
  format?: string
  title?: string
  description?: string
  default?: JsonValue
  enum?: JsonValue[]
  maximum?: number
  minimum?: number
  exclusiveMaximum?: boolean
  exclusiveMinimum?: boolean
  multipleOf?: number
  maxLength?: number
  minLength?: number
  pattern?: string
  maxItems?: number
  minItems?: number
  uniqueItems?: boolean
  maxProperties?: number
  minProperties?: number
  required?: string[]
  nullable?: boolean
  items?: JsonSchema
  properties?: Readonly<Record<string, JsonSchema>>
  additionalProperties?: JsonSchema | boolean
  allOf?: JsonSchema[]
  anyOf?: JsonSchema[]
  oneOf?: JsonSchema[]
  not?: JsonSchema
  'x-kubernetes-preserve-unknown-fields'?: boolean
  'x-kubernetes-embedded-resource'?: boolean
  'x-kubernetes-int-or-string'?: boolean
  'x-kubernetes-list-type'?: 'atomic' | 'set' | 'map'
  'x-kubernetes-list-map-keys'?: string[]
  'x-kubernetes-map-type'?: 'atomic' | 'granular'
  'x-kubernetes-validations'?: ValidationRule[]
  externalDocs?: { description?: string; url?: string }
  example?: JsonValue
  /** None of these may be there; who writes them is told so. */
  id?: string
  $schema?: string
  $ref?: string
  definitions?: Readonly<Record<string, JsonSchema>>
  patternProperties?: Readonly<Record<string, JsonSchema>>
  dependencies?: JsonValue
  additionalItems?: JsonValue
}

export interface ValidationRule {
  rule: string
  message?: string
  messageExpression?: string
  reason?: string
  fieldPath?: string
  optionalOldSelf?: boolean
}

/** What the server knows of every object, whatever its schema says. */
export const META_FIELDS: ReadonlySet<string> = new Set(['apiVersion', 'kind', 'metadata'])

/** The schema of a field: a property's own, or that of all the others. */
export function schemaOfField(schema: JsonSchema | undefined, name: string): JsonSchema | undefined {
  const own = schema?.properties
  if (own && Object.hasOwn(own, name)) return own[name]
  const rest = schema?.additionalProperties
  return typeof rest === 'object' ? rest : undefined
}

export const takesAnyField = (schema: JsonSchema) =>
  schema.additionalProperties === true || isJsonObject(schema.additionalProperties)

/** `spec`, `spec.list[0]`, `spec.map[key]`: how field errors name a place. */
export const child = (path: string, name: string) => (path ? `${path}.${name}` : name)
