// Is a schema one that can be served? Upstream: apiextensions/validation/validation.go
// validateCustomResourceDefinitionValidation, apiserver/schema/defaulting/validation.go.

import { errorFindings, type FieldError, fieldError } from '../../apimachinery/status-error.ts'
import { type JsonSchema, META_FIELDS } from '../../schemas/structural/json-schema.ts'
import { defaultErrors } from './default-errors.ts'
import { goSchema } from './internal-form.ts'
import { listAndMapErrors } from './list-errors.ts'
import { RuleErrors, ruleFormErrors } from './rule-errors.ts'
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
  const errors = hasStatus ? rootErrors(schema, at) : []
  if (schema.nullable) errors.push(fieldError.forbidden(`${at}.nullable`, 'nullable cannot be true at the root'))
  const unreadable = unreadableProblem(schema)
  const structural = unreadable ? [] : structuralErrors(schema, at)
  const defaults = unreadable || structural.length > 0 ? [] : defaultErrors(schema, at)
  const forms = formErrors(schema, { at, isRoot: true, isInMeta: false })
  errors.push(...structural, ...defaults, ...forms)
  if (unreadable) return errors.length > 0 ? errors : [fieldError.invalid(at, '', unreadable)]
  if (structural.length > 0 || defaults.length > 0) return errors
  if (errorFindings().addAll(forms).areEnough) return errors
  // Where the form is wrong there is nothing that a rule could be about.
  const wrong = forms.map(({ field }) => field).sort()
  const isSound = (place: string) => from(wrong, place) !== place && !from(wrong, `${place}.`)?.startsWith(`${place}.`)
  return [...errors, ...new RuleErrors({ isUnchanged, isSound }).of(schema, at)]
}

/** The first of the sorted that is not before `text`. */
function from(sorted: readonly string[], text: string): string | undefined {
  let [first, end] = [0, sorted.length]
  while (first < end) {
    const middle = (first + end) >> 1
    if (sorted[middle]! < text) first = middle + 1
    else end = middle
  }
  return sorted[first]
}

/** Fields by their names in Go: the first that stands where it may not is told of. */
function rootErrors(schema: JsonSchema, at: string): FieldError[] {
  const fields = Object.entries(goSchema(schema) ?? {})
  for (const [name, value] of fields) {
    if (value === null || value === '' || value === false) continue
    if (name === 'Type' && value !== 'object') {
      const why = 'only "object" is allowed as the type at the root of the schema if the status subresource is enabled'
      return [fieldError.invalid(`${at}.type`, value, why)]
    }
    if (AT_ROOT.includes(name)) continue
    const why = `only [${AT_ROOT.join(' ')}] fields are allowed at the root of the schema if the status subresource is enabled`
    return [fieldError.invalid(at, goSchema(schema), why)]
  }
  return []
}

/** A schema with these is none of those that can be structural. Told when nothing else says so. */
function unreadableProblem(schema: JsonSchema): string | undefined {
  const { properties = {}, additionalProperties: rest, items } = schema
  const unsupported = UNREADABLE.find((field) => isThere(schema[field]))
  if (unsupported) return `OpenAPIV3Schema '${unsupported.replace('$schema', 'schema')}' is not supported`
  if (schema['x-kubernetes-preserve-unknown-fields'] === false) {
    return "internal error: 'x-kubernetes-preserve-unknown-fields' must be true or undefined"
  }
  if (Array.isArray(items)) return "OpenAPIV3Schema 'items' must be a schema, but is an array"
  const inner = [
    ...(schema.not ? [schema.not] : []),
    ...[schema.allOf, schema.anyOf, schema.oneOf].flatMap((list) => list ?? []),
    ...(items ? [items] : []),
    ...Object.values(properties),
    ...(typeof rest === 'object' ? [rest] : []),
  ]
  for (const one of inner) {
    const problem = unreadableProblem(one)
    if (problem) return problem
  }
  return undefined
}

const UNREADABLE = [
  'id',
  '$schema',
  '$ref',
  'patternProperties',
  'dependencies',
  'additionalItems',
  'definitions',
] as const
const isThere = (value: unknown) =>
  value !== undefined && value !== '' && !(typeof value === 'object' && Object.keys(value ?? {}).length === 0)

export function hasDefaults(schema: JsonSchema): boolean {
  const { default: own, items, properties = {}, additionalProperties: rest } = schema
  const inner = [...Object.values(properties), ...(items ? [items] : []), ...(typeof rest === 'object' ? [rest] : [])]
  return own !== undefined || inner.some(hasDefaults)
}

interface Place {
  at: string
  isRoot: boolean
  /** Within apiVersion, kind or metadata, of the object itself or of one that is embedded. */
  isInMeta: boolean
  /** Why nothing may have a default here. */
  noDefaults?: string | undefined
}

function formErrors(schema: JsonSchema, place: Place): FieldError[] {
  const { at, isRoot } = place
  const { properties = {}, additionalProperties: rest, items } = schema
  const errors = ownErrors(schema, place)
  const go = (inner: JsonSchema, more: string, changed: Partial<Place> = {}) =>
    errors.push(...formErrors(inner, { ...place, isRoot: false, ...changed, at: `${at}${more}` }))
  if (rest !== undefined && rest !== true && Object.keys(properties).length > 0) {
    const why = 'additionalProperties and properties are mutual exclusive'
    errors.push(fieldError.forbidden(`${at}.additionalProperties`, why))
  }
  if (typeof rest === 'object') {
    const noDefaults = place.isInMeta ? 'inside additionalProperties applying to object metadata' : place.noDefaults
    go(rest, '.additionalProperties', { noDefaults })
  }
  for (const [name, property] of Object.entries(properties)) {
    const isMeta = (isRoot || schema['x-kubernetes-embedded-resource'] === true) && META_FIELDS.has(name)
    go(property, `.properties[${name}]`, {
      isInMeta: place.isInMeta || isMeta,
      noDefaults: isRoot && isMeta ? `in top-level ${name}` : place.noDefaults,
    })
  }
  if (schema.not) go(schema.not, '.not')
  for (const name of ['allOf', 'oneOf', 'anyOf'] as const) {
    for (const [index, inner] of (schema[name] ?? []).entries()) go(inner, `.${name}[${index}]`)
  }
  if (items && !Array.isArray(items)) go(items, '.items')
  errors.push(...listAndMapErrors(schema, at))
  for (const [index, rule] of (schema['x-kubernetes-validations'] ?? []).entries()) {
    errors.push(...ruleFormErrors(schema, rule, `${at}.x-kubernetes-validations[${index}]`))
  }
  return errors
}

function ownErrors(schema: JsonSchema, { at, isInMeta, noDefaults }: Place): FieldError[] {
  const { type } = schema
  const errors: FieldError[] = []
  if (type && !TYPES.includes(type)) errors.push(fieldError.notSupported(`${at}.type`, type, TYPES))
  if (noDefaults && schema.default !== undefined) {
    errors.push(fieldError.forbidden(`${at}.default`, `must not be set ${noDefaults}`))
  }
  for (const [field, why] of Object.entries(UNSUPPORTED)) {
    const value = schema[field as keyof JsonSchema]
    if (field === '$ref' || field === 'dependencies' ? value !== undefined : isThere(value)) {
      errors.push(fieldError.forbidden(`${at}.${field}`, why))
    }
  }
  if (type === 'null') {
    errors.push(fieldError.forbidden(`${at}.type`, 'type cannot be set to null, use nullable as an alternative'))
  }
  if (Array.isArray(schema.items)) {
    errors.push(fieldError.forbidden(`${at}.items`, 'items must be a schema object and not an array'))
  }
  if (isInMeta && schema['x-kubernetes-embedded-resource']) {
    errors.push(
      fieldError.forbidden(`${at}.x-kubernetes-embedded-resource`, 'must not be used inside of resource meta'),
    )
  }
  if (schema.uniqueItems) {
    const why = 'uniqueItems cannot be set to true since the runtime complexity becomes quadratic'
    errors.push(fieldError.forbidden(`${at}.uniqueItems`, why))
  }
  return errors
}
