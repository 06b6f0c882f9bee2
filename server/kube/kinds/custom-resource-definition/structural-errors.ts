// Is a schema structural? Each value has one place that says its type; what stands under allOf, anyOf, oneOf and not may
// only narrow it. Upstream: apiextensions-apiserver/pkg/apiserver/schema/validation.go.

import { deepEqual } from '../../apimachinery/deep.ts'
import { errorFindings, type FieldError, fieldError } from '../../apimachinery/status-error.ts'
import type { JsonSchema } from '../../schemas/structural/json-schema.ts'
import { patternErrors } from './pattern-errors.ts'

type Level = 'root' | 'item' | 'field'

const NO_TYPE: Readonly<Record<Level, string>> = {
  root: 'must not be empty at the root',
  item: 'must not be empty for specified array items',
  field: 'must not be empty for specified object fields',
}
const INT_OR_STRING = [{ type: 'integer' }, { type: 'string' }]

export function structuralErrors(schema: JsonSchema, at: string): FieldError[] {
  const errors = [
    ...invariants(schema, at, 'root'),
    ...completeness(schema, schema, at, at),
    ...patternErrors(schema, at),
  ]
  const text = ({ field, message }: FieldError) => `${field}: ${message}`
  return errorFindings()
    .addAll(errors)
    .all.sort((a, b) => (text(a) < text(b) ? -1 : 1))
}

function invariants(schema: JsonSchema, at: string, level: Level): FieldError[] {
  const { type = '', items, properties = {}, additionalProperties: rest } = schema
  const isEmbedded = schema['x-kubernetes-embedded-resource'] === true
  const keepsAll = schema['x-kubernetes-preserve-unknown-fields'] === true
  const isIntOrString = schema['x-kubernetes-int-or-string'] === true
  const errors: FieldError[] = []
  if (type === 'array' && !items) errors.push(fieldError.required(`${at}.items`, 'must be specified'))
  if (items) errors.push(...invariants(items, `${at}.items`, 'item'))
  for (const [name, property] of Object.entries(properties)) {
    errors.push(...invariants(property, `${at}.properties[${name}]`, 'field'))
  }
  if (rest !== undefined) {
    if (level === 'root')
      errors.push(fieldError.forbidden(`${at}.additionalProperties`, 'must not be used at the root'))
    if (typeof rest === 'object') errors.push(...invariants(rest, `${at}.additionalProperties`, 'field'))
  }
  if (isIntOrString && keepsAll) {
    const why = 'must be false if x-kubernetes-int-or-string is true'
    errors.push(fieldError.invalid(`${at}.x-kubernetes-preserve-unknown-fields`, true, why))
  }
  if (isIntOrString && isEmbedded) {
    const why = 'must be false if x-kubernetes-int-or-string is true'
    errors.push(fieldError.invalid(`${at}.x-kubernetes-embedded-resource`, true, why))
  }
  errors.push(
    ...validations(schema, at, {
      skipAnyOf: deepEqual(schema.anyOf, INT_OR_STRING),
      skipFirstAllOf: deepEqual(schema.allOf?.[0]?.anyOf, INT_OR_STRING),
    }),
  )
  if (isEmbedded && type !== 'object') {
    const why = 'must be object if x-kubernetes-embedded-resource is true'
    errors.push(type === '' ? fieldError.required(`${at}.type`, why) : fieldError.invalid(`${at}.type`, type, why))
  } else if (type === '' && !isIntOrString && !keepsAll) errors.push(fieldError.required(`${at}.type`, NO_TYPE[level]))
  if (isEmbedded && rest !== undefined) {
    const why = 'must not be used if x-kubernetes-embedded-resource is set'
    errors.push(fieldError.forbidden(`${at}.additionalProperties`, why))
  }
  if (level === 'root' && type !== '' && type !== 'object') {
    errors.push(fieldError.invalid(`${at}.type`, type, 'must be object at the root'))
  }
  if (level === 'root' || isEmbedded) errors.push(...metaErrors(properties, at, level))
  if (isEmbedded && !keepsAll && Object.keys(properties).length === 0) {
    const why =
      'must not be empty if x-kubernetes-embedded-resource is true without x-kubernetes-preserve-unknown-fields'
    errors.push(fieldError.required(`${at}.properties`, why))
  }
  return errors
}

/** Of metadata a schema may restrict the name, and nothing else. */
function metaErrors(properties: Readonly<Record<string, JsonSchema>>, at: string, level: Level): FieldError[] {
  const errors: FieldError[] = []
  for (const name of ['kind', 'apiVersion'] as const) {
    const property = properties[name]
    if (property && property.type !== 'string') {
      errors.push(fieldError.invalid(`${at}.properties[${name}].type`, property.type ?? '', 'must be string'))
    }
  }
  const { metadata } = properties
  if (!metadata) return errors
  const here = `${at}.properties[metadata]`
  if (metadata.type !== 'object') errors.push(fieldError.invalid(`${here}.type`, metadata.type ?? '', 'must be object'))
  if (level !== 'root') return errors
  // A default is told of elsewhere.
  const { type: _type, default: _default, properties: inner = {}, ...others } = metadata
  const isMore = Object.keys(inner).some((name) => name !== 'name' && name !== 'generateName')
  if (isMore || Object.values(others).some(saysSomething)) {
    const why = 'must not specify anything other than name and generateName, but metadata is implicitly specified'
    errors.push(fieldError.forbidden(here, why))
  }
  return errors
}

function validations(
  { anyOf = [], allOf = [], oneOf = [], not }: JsonSchema,
  at: string,
  { skipAnyOf = false, skipFirstAllOf = false } = {},
): FieldError[] {
  const errors: FieldError[] = []
  if (!skipAnyOf) errors.push(...anyOf.flatMap((inner, index) => nested(inner, `${at}.anyOf[${index}]`)))
  for (const [index, inner] of allOf.entries()) {
    errors.push(...nested(inner, `${at}.allOf[${index}]`, skipFirstAllOf && index === 0))
  }
  errors.push(...oneOf.flatMap((inner, index) => nested(inner, `${at}.oneOf[${index}]`)))
  if (not) errors.push(...nested(not, `${at}.not`))
  return errors
}

/** What a narrowing may not say, and in which words it is told so. */
const FORBIDDEN: readonly (readonly [keyof JsonSchema, string])[] = [
  ['type', 'must be empty to be structural'],
  ['additionalProperties', 'must be undefined to be structural'],
  ['default', 'must be undefined to be structural'],
  ['title', 'must be empty to be structural'],
  ['description', 'must be empty to be structural'],
  ['nullable', 'must be false to be structural'],
  ['x-kubernetes-preserve-unknown-fields', 'must be false to be structural'],
  ['x-kubernetes-embedded-resource', 'must be false to be structural'],
  ['x-kubernetes-int-or-string', 'must be false to be structural'],
  ['x-kubernetes-list-map-keys', 'must be empty to be structural'],
  ['x-kubernetes-list-type', 'must be undefined to be structural'],
  ['x-kubernetes-map-type', 'must be undefined to be structural'],
  ['x-kubernetes-validations', 'must be empty to be structural'],
]

/** What Go does not take for nothing. */
const saysSomething = (value: unknown) =>
  Array.isArray(value) ? value.length > 0 : typeof value === 'number' || Boolean(value)

function nested(schema: JsonSchema, at: string, skipAnyOf = false): FieldError[] {
  const { items, properties = {} } = schema
  return [
    ...validations(schema, at, { skipAnyOf }),
    ...(items ? nested(items, `${at}.items`) : []),
    ...Object.entries(properties).flatMap(([name, inner]) => nested(inner, `${at}.properties[${name}]`)),
    ...FORBIDDEN.flatMap(([field, why]) =>
      saysSomething(schema[field]) || (field === 'default' && (schema.default ?? null) !== null)
        ? [fieldError.forbidden(`${at}.${field}`, why)]
        : [],
    ),
    ...(properties.metadata
      ? [fieldError.forbidden(`${at}.properties[metadata]`, 'must not be specified in a nested context')]
      : []),
  ]
}

/** Whatever a narrowing speaks of must be specified outside of it. `rule` is what narrows, `schema` what is narrowed. */
function completeness(rule: JsonSchema, schema: JsonSchema | undefined, at: string, told: string): FieldError[] {
  if (!schema) return [fieldError.required(at, `because it is defined in ${told}`)]
  const junctors: [JsonSchema, string][] = [
    ...(rule.not ? [[rule.not, `${told}.not`] as [JsonSchema, string]] : []),
    ...(['allOf', 'anyOf', 'oneOf'] as const).flatMap((name) =>
      (rule[name] ?? []).map((inner, index): [JsonSchema, string] => [inner, `${told}.${name}[${index}]`]),
    ),
  ]
  return junctors.flatMap(([inner, here]) => narrowed(inner, schema, at, here))
}

function narrowed(rule: JsonSchema, schema: JsonSchema | undefined, at: string, told: string): FieldError[] {
  if (!schema) return [fieldError.required(at, `because it is defined in ${told}`)]
  const { items, properties = {} } = rule
  return [
    ...completeness({ ...rule, items: undefined, properties: undefined } as JsonSchema, schema, at, told),
    ...(items ? narrowed(items, schema.items, `${at}.items`, `${told}.items`) : []),
    ...Object.entries(properties).flatMap(([name, property]) =>
      narrowed(property, schema.properties?.[name], `${at}.properties[${name}]`, `${told}.properties[${name}]`),
    ),
  ]
}
