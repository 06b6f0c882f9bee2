// Is a schema one that can be served? Upstream: apiextensions/validation/validation.go
// validateCustomResourceDefinitionValidation, apiserver/schema/defaulting/validation.go.

import { type FieldError, fieldError } from '../../apimachinery/status-error.ts'
import { type JsonSchema, META_FIELDS } from '../../schemas/structural/json-schema.ts'
import { defaultErrors } from './default-errors.ts'
import { listAndMapErrors } from './list-errors.ts'
import { RuleErrors } from './rule-errors.ts'
import { structuralErrors } from './structural-errors.ts'

/** With a status subresource the status is taken out of the schema, so the root may say nothing about it as a whole. */
const AT_ROOT = [
  'Description',
  'Type',
  'Format',
  'Title',
  'Maximum',
  'ExclusiveMaximum',
  'Minimum',
  'ExclusiveMinimum',
  'MaxLength',
  'MinLength',
  'Pattern',
  'MaxItems',
  'MinItems',
  'UniqueItems',
  'MultipleOf',
  'Required',
  'Items',
  'Properties',
  'ExternalDocs',
  'Example',
  'XPreserveUnknownFields',
  'XValidations',
]
const NOT_AT_ROOT = [
  'default',
  'enum',
  'allOf',
  'anyOf',
  'oneOf',
  'not',
  'additionalProperties',
  'maxProperties',
  'minProperties',
  'nullable',
] as const

const UNSUPPORTED: Readonly<Record<string, string>> = {
  id: 'id is not supported',
  additionalItems: 'additionalItems is not supported',
  patternProperties: 'patternProperties is not supported',
  definitions: 'definitions is not supported',
  dependencies: 'dependencies is not supported',
  $ref: '$ref is not supported',
}
const TYPES = ['array', 'boolean', 'integer', 'number', 'object', 'string']

export function schemaErrors(
  schema: JsonSchema,
  at: string,
  { hasStatus, isUnchanged }: { hasStatus: boolean; isUnchanged: boolean },
): FieldError[] {
  const errors: FieldError[] = []
  if (hasStatus) errors.push(...rootErrors(schema, at))
  if (schema.nullable) errors.push(fieldError.forbidden(`${at}.nullable`, 'nullable cannot be true at the root'))
  const structural = structuralErrors(schema, at)
  const defaults = structural.length > 0 ? [] : defaultErrors(schema, at)
  errors.push(...structural, ...defaults, ...formErrors(schema, at, true))
  if (errors.length > 0) return errors
  return new RuleErrors({ isUnchanged }).of(schema, at)
}

function rootErrors(schema: JsonSchema, at: string): FieldError[] {
  if (schema.type && schema.type !== 'object') {
    const why = 'only "object" is allowed as the type at the root of the schema if the status subresource is enabled'
    return [fieldError.invalid(`${at}.type`, schema.type, why)]
  }
  if (!NOT_AT_ROOT.some((field) => schema[field] !== undefined)) return []
  const why = `only [${AT_ROOT.join(' ')}] fields are allowed at the root of the schema if the status subresource is enabled`
  return [fieldError.invalid(at, schema, why)]
}

function formErrors(schema: JsonSchema, at: string, isRoot = false): FieldError[] {
  const { type, properties = {}, additionalProperties: rest, items } = schema
  const errors: FieldError[] = []
  for (const [field, why] of Object.entries(UNSUPPORTED)) {
    if ((schema as Record<string, unknown>)[field] !== undefined) {
      errors.push(fieldError.forbidden(`${at}.${field}`, why))
    }
  }
  if (type === 'null') {
    errors.push(fieldError.forbidden(`${at}.type`, 'type cannot be set to null, use nullable as an alternative'))
  } else if (type && !TYPES.includes(type)) errors.push(fieldError.notSupported(`${at}.type`, type, TYPES))
  if (Array.isArray(items)) {
    errors.push(fieldError.forbidden(`${at}.items`, 'items must be a schema object and not an array'))
    return errors
  }
  if (schema.uniqueItems) {
    const why = 'uniqueItems cannot be set to true since the runtime complexity becomes quadratic'
    errors.push(fieldError.forbidden(`${at}.uniqueItems`, why))
  }
  if (rest !== undefined && rest !== true && Object.keys(properties).length > 0) {
    const why = 'additionalProperties and properties are mutual exclusive'
    errors.push(fieldError.forbidden(`${at}.additionalProperties`, why))
  }
  if (typeof rest === 'object') errors.push(...formErrors(rest, `${at}.additionalProperties`))
  for (const [name, property] of Object.entries(properties)) {
    const here = `${at}.properties[${name}]`
    if (isRoot && META_FIELDS.has(name) && property.default !== undefined) {
      errors.push(fieldError.forbidden(`${here}.default`, `must not be set in top-level ${name}`))
    }
    errors.push(...formErrors(property, here))
  }
  for (const name of ['allOf', 'anyOf', 'oneOf'] as const) {
    for (const [index, inner] of (schema[name] ?? []).entries()) {
      errors.push(...formErrors(inner, `${at}.${name}[${index}]`))
    }
  }
  if (schema.not) errors.push(...formErrors(schema.not, `${at}.not`))
  if (items) errors.push(...formErrors(items, `${at}.items`))
  return [...errors, ...listAndMapErrors(schema, at)]
}
