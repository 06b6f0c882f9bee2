// Does a value fit its schema? Every problem in upstream's words, `spec.replicas in body must be of type integer: "string"`.
//
// What is as it was before an update, and wrong, may stay so (ratcheting): a schema that has become stricter does not
// lock anybody out of their objects. Upstream: kube-openapi/pkg/validation/validate, apiserver/validation/ratcheting.go.

import { deepEqual } from '../../apimachinery/deep.ts'
import { isInt64, isJsonNumber, isJsonObject, type JsonObject, type JsonValue } from '../../apimachinery/json.ts'
import { type FieldError, fieldError } from '../../apimachinery/status-error.ts'
import { hasFormat } from './formats.ts'
import type { JsonSchema } from './json-schema.ts'
import { NOWHERE, numberProblems } from './number-rules.ts'
import { oldField, oldItem } from './old-value.ts'
import type { Patterns } from './patterns.ts'

export interface ValueCheck {
  schema: JsonSchema
  value: JsonValue
  /** As it was before; undefined for new objects and what cannot be told apart. */
  old?: JsonValue | undefined
  path?: string
  patterns: Patterns
}

export function valueProblems(check: ValueCheck): FieldError[] {
  return new Checker(check.patterns).value(check.value, check.schema, { path: check.path ?? '', old: check.old })
}

interface Place {
  path: string
  old: JsonValue | undefined
}

const NO_PLACE = { old: undefined }

class Checker {
  readonly #patterns: Patterns

  constructor(patterns: Patterns) {
    this.#patterns = patterns
  }

  value(value: JsonValue, schema: JsonSchema, place: Place): FieldError[] {
    const problems = this.#problems(value, schema, place)
    if (problems.length === 0) return problems
    return place.old !== undefined && deepEqual(place.old, value) ? [] : problems
  }

  #problems(value: JsonValue, schema: JsonSchema, place: Place): FieldError[] {
    const { path } = place
    const wrongType = typeProblem(value, schema, path)
    // Nothing else can be said of what is not even of the right type.
    if (wrongType) return [wrongType]
    const problems = this.#junctors(value, schema, path)
    if (value === null) return problems
    if (typeof value === 'string') problems.push(...this.#text(value, schema, path))
    if (isJsonNumber(value)) problems.push(...numberProblems(value, schema, path))
    if (schema.enum && !schema.enum.some((one) => deepEqual(one, value))) {
      const allowed = schema.enum.map((one) => (typeof one === 'string' ? one : JSON.stringify(one)))
      problems.push(fieldError.notSupported(path, value, allowed))
    }
    if (Array.isArray(value)) problems.push(...this.#list(value, schema, place))
    else if (isJsonObject(value)) problems.push(...this.#object(value, schema, place))
    return problems
  }

  #text(value: string, { format, pattern, minLength, maxLength }: JsonSchema, path: string): FieldError[] {
    const problems: FieldError[] = []
    const length = [...value].length
    if (maxLength !== undefined && length > maxLength) problems.push(fieldError.tooLong(path, maxLength))
    if (minLength !== undefined && length < minLength) {
      problems.push(inBody(path, value, `should be at least ${minLength} chars long`))
    }
    if (pattern && !this.#patterns.matches(pattern, value)) {
      problems.push(inBody(path, value, `should match '${pattern}'`))
    }
    if (format && hasFormat(value, format) === false) {
      problems.push(typeInvalid(path, value, `must be of type ${format}: ${JSON.stringify(value)}`))
    }
    return problems
  }

  #list(value: JsonValue[], schema: JsonSchema, { path, old }: Place): FieldError[] {
    const { items, minItems, maxItems } = schema
    const problems = items
      ? value.flatMap((item, at) =>
          this.value(item, items, { path: `${path}[${at}]`, old: oldItem(schema, { old, item }) }),
        )
      : []
    if (minItems !== undefined && value.length < minItems) {
      problems.push(inBody(path, value.length, `should have at least ${minItems} items`))
    }
    if (maxItems !== undefined && value.length > maxItems) problems.push(tooMany(path, value.length, maxItems))
    return problems
  }

  #object(value: JsonObject, schema: JsonSchema, { path, old }: Place): FieldError[] {
    const { properties = {}, additionalProperties: rest, required = [], minProperties, maxProperties } = schema
    const problems: FieldError[] = []
    const count = Object.keys(value).length
    if (minProperties !== undefined && count < minProperties) {
      problems.push(inBody(path, count, `should have at least ${minProperties} properties`))
    }
    if (maxProperties !== undefined && count > maxProperties) problems.push(tooMany(path, count, maxProperties))
    for (const [name, inner] of Object.entries(value)) {
      const own = Object.hasOwn(properties, name) ? properties[name] : undefined
      const known = own ?? (typeof rest === 'object' ? rest : undefined)
      const here = path ? `${path}.${name}` : name
      if (known) {
        // Both have the version of the request by now, so these two say nothing of what changed.
        const isTypeMeta = path === '' && (name === 'apiVersion' || name === 'kind')
        const was = isTypeMeta ? undefined : oldField(schema, old, name)
        problems.push(...this.value(inner, known, { path: here, old: was }))
      } else if (rest === false) problems.push(inBody(here, name, 'is a forbidden property'))
    }
    for (const name of required) {
      if (!Object.hasOwn(value, name)) problems.push(fieldError.required(path ? `${path}.${name}` : name))
    }
    return problems
  }

  #junctors(value: JsonValue, schema: JsonSchema, path: string): FieldError[] {
    const { allOf, anyOf, oneOf, not } = schema
    const problemsOf = (inner: JsonSchema) => this.value(value, inner, { path, ...NO_PLACE })
    const problems: FieldError[] = []
    const note = (text: string) => problems.push(fieldError.invalid(NOWHERE, '', text))
    const named = JSON.stringify(path)
    if (anyOf) {
      const results = anyOf.map(problemsOf)
      if (results.every((result) => result.length > 0)) {
        note(`${named} must validate at least one schema (anyOf)`)
        problems.push(...fewest(results))
      }
    }
    if (oneOf) {
      const results = oneOf.map(problemsOf)
      const valid = results.filter((result) => result.length === 0).length
      if (valid !== 1) {
        const found = valid === 0 ? 'Found none valid' : `Found ${valid} valid alternatives`
        note(`${named} must validate one and only one schema (oneOf). ${found}`)
        if (valid === 0) problems.push(...fewest(results))
      }
    }
    if (allOf) {
      const results = allOf.map(problemsOf)
      problems.push(...results.flat())
      const valid = results.filter((result) => result.length === 0).length
      if (valid < results.length) {
        note(`${named} must validate all the schemas (allOf)${valid === 0 ? '. None validated' : ''}`)
      }
    }
    if (not && problemsOf(not).length === 0) note(`${named} must not validate the schema (not)`)
    return problems
  }
}

const fewest = (results: FieldError[][]) =>
  results.reduce((best, result) => (result.length < best.length ? result : best), results[0] ?? [])

const inBody = (path: string, value: unknown, what: string) =>
  fieldError.invalid(path, value ?? '', `${path} in body ${what}`)

const typeInvalid = (path: string, value: unknown, what: string): FieldError => ({
  ...inBody(path, value, what),
  reason: 'FieldValueTypeInvalid',
})

export const tooMany = (field: string, actual: number, max: number): FieldError => ({
  reason: 'FieldValueTooMany',
  field,
  message: `Too many: ${actual}: must have at most ${max} items`,
})

function typeProblem(value: JsonValue, schema: JsonSchema, path: string): FieldError | undefined {
  const types = schema['x-kubernetes-int-or-string'] ? ['integer', 'string'] : schema.type ? [schema.type] : []
  if (types.length === 0) return undefined
  const found = typeOf(value)
  if (value === null) return schema.nullable ? undefined : wrong('null')
  if (types.includes(found)) return undefined
  if (found === 'integer' && types.includes('number')) return undefined
  return wrong(found)

  function wrong(is: string): FieldError {
    return typeInvalid(path, is, `must be of type ${types.join(',')}: ${JSON.stringify(is)}`)
  }
}

function typeOf(value: JsonValue): string {
  if (value === null) return 'null'
  if (Array.isArray(value)) return 'array'
  if (isJsonNumber(value)) return isInt64(value) ? 'integer' : 'number'
  return typeof value
}
