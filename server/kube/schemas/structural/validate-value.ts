// Does a value fit its schema? Every problem in upstream's words, `spec.replicas in body must be of type integer: "string"`.
//
// What is as it was before an update, and wrong, may stay so (ratcheting): a schema that has become stricter does not
// lock anybody out of their objects. Upstream: kube-openapi/pkg/validation/validate, apiserver/validation/ratcheting.go.

import { deepEqual } from '../../apimachinery/deep.ts'
import { isInt64, isJsonNumber, isJsonObject, type JsonObject, type JsonValue } from '../../apimachinery/json.ts'
import { type FieldError, fieldError } from '../../apimachinery/status-error.ts'
import { hasFormat, isKnownFormat } from './formats.ts'
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
    .problems
}

interface Place {
  path: string
  old: JsonValue | undefined
}

/** What was found, and how much of the schema spoke of the value: of alternatives, the one that says most is told of. */
interface Result {
  problems: FieldError[]
  matches: number
}

const NO_PLACE = { old: undefined }
const LONG = 1_000

class Checker {
  readonly #patterns: Patterns

  constructor(patterns: Patterns) {
    this.#patterns = patterns
  }

  value(value: JsonValue, schema: JsonSchema, place: Place): Result {
    const result = this.#look(value, schema, place)
    if (result.problems.length === 0 || place.old === undefined || !deepEqual(place.old, value)) return result
    return { ...result, problems: [] }
  }

  #look(value: JsonValue, schema: JsonSchema, place: Place): Result {
    const { path } = place
    const wrongType = typeProblem(value, schema, path)
    const problems = wrongType ? [wrongType] : []
    const isTyped = schema.type !== undefined || isIntOrString(schema)
    let matches = isTyped && !wrongType ? 1 : 0
    const merge = (other: Result) => {
      problems.push(...other.problems)
      matches += other.matches
    }
    if (value !== null) {
      matches += isTyped ? 5 : 4
      merge(this.#junctors(value, schema, path))
      if (typeof value === 'string') merge(this.#text(value, schema, path))
      if (isJsonNumber(value)) merge({ problems: numberProblems(value, schema, path), matches: 2 })
      if (Array.isArray(value)) merge(this.#list(value, schema, place))
    }
    // Upstream finds no null in an enum, not even where there is one.
    if (schema.enum && (value === null || !schema.enum.some((one) => deepEqual(one, value)))) {
      const allowed = schema.enum.map((one) => (typeof one === 'string' ? one : JSON.stringify(one)))
      problems.push(fieldError.notSupported(path, value, allowed))
    }
    if (isJsonObject(value)) merge(this.#object(value, schema, place))
    return { problems, matches }
  }

  #text(value: string, { format, pattern, minLength, maxLength }: JsonSchema, path: string): Result {
    const problems: FieldError[] = []
    const length = [...value].length
    if (maxLength !== undefined && length > maxLength) problems.push(fieldError.tooLong(path, maxLength))
    else if (minLength !== undefined && length < minLength) {
      problems.push(inBody(path, value, `should be at least ${minLength} chars long`))
    } else if (pattern && !this.#patterns.matches(pattern, value)) {
      problems.push(inBody(path, value, `should match '${pattern}'`))
    }
    const fits = format ? hasFormat(value, format) : undefined
    if (fits === false) problems.push(typeInvalid(path, value, `must be of type ${format}: ${JSON.stringify(value)}`))
    return { problems, matches: fits === undefined ? 1 : 2 }
  }

  #list(value: JsonValue[], schema: JsonSchema, { path, old }: Place): Result {
    const { items, minItems, maxItems } = schema
    const results = items
      ? value.map((item, at) =>
          this.value(item, items, { path: `${path}[${at}]`, old: oldItem(schema, { old, item }) }),
        )
      : []
    const { problems, matches } = joined(results)
    if (minItems !== undefined && value.length < minItems) {
      problems.push(inBody(path, value.length, `should have at least ${minItems} items`))
    }
    if (maxItems !== undefined && value.length > maxItems) problems.push(tooMany(path, value.length, maxItems))
    return { problems, matches: matches + 2 }
  }

  #object(value: JsonObject, schema: JsonSchema, { path, old }: Place): Result {
    const { properties = {}, additionalProperties: rest, required = [], minProperties, maxProperties } = schema
    const problems: FieldError[] = []
    let matches = 1
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
        const was = isTypeMeta ? undefined : oldField(old, name)
        const result = this.value(inner, known, { path: here, old: was })
        problems.push(...result.problems)
        matches += result.matches
      } else if (rest === false) problems.push(inBody(here, name, 'is a forbidden property'))
    }
    for (const name of required) {
      if (!Object.hasOwn(value, name)) problems.push(fieldError.required(path ? `${path}.${name}` : name))
    }
    return { problems, matches }
  }

  /** What is said here is held against every value anew, changed or not. */
  #junctors(value: JsonValue, schema: JsonSchema, path: string): Result {
    const { allOf, anyOf, oneOf, not } = schema
    const resultOf = (inner: JsonSchema) => this.value(value, inner, { path, ...NO_PLACE })
    const isValid = ({ problems: found }: Result) => found.length === 0
    const problems: FieldError[] = []
    let matches = 0
    const note = (text: string) => problems.push(fieldError.invalid(NOWHERE, '', text))
    const tell = (result: Result | undefined) => {
      problems.push(...(result?.problems ?? []))
      matches += result?.matches ?? 0
    }
    // To look for what must be escaped would write the whole of it, each time.
    const named = path.length > LONG ? `"${path}"` : JSON.stringify(path)
    if (anyOf && anyOf.length > 0) {
      const results = anyOf.map(resultOf)
      const right = results.find(isValid)
      if (!right) note(`${named} must validate at least one schema (anyOf)`)
      tell(right ?? nearest(results))
    }
    if (oneOf && oneOf.length > 0) {
      const results = oneOf.map(resultOf)
      const right = results.filter(isValid)
      if (right.length === 1) tell(right[0])
      else {
        const found = right.length === 0 ? 'Found none valid' : `Found ${right.length} valid alternatives`
        note(`${named} must validate one and only one schema (oneOf). ${found}`)
        if (right.length === 0) tell(nearest(results))
      }
    }
    if (allOf && allOf.length > 0) {
      const results = allOf.map(resultOf)
      for (const result of results) tell(result)
      const valid = results.filter(isValid).length
      if (valid < results.length) {
        note(`${named} must validate all the schemas (allOf)${valid === 0 ? '. None validated' : ''}`)
      }
    }
    if (not && isValid(resultOf(not))) note(`${named} must not validate the schema (not)`)
    return { problems, matches }
  }
}

const joined = (results: readonly Result[]): Result => ({
  problems: results.flatMap(({ problems }) => problems),
  matches: results.reduce((sum, { matches }) => sum + matches, 0),
})

const nearest = (results: Result[]) =>
  results.reduce((best, result) => (result.matches > best.matches ? result : best), results[0]!)

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

const isIntOrString = (schema: JsonSchema) => schema['x-kubernetes-int-or-string'] === true

function typeProblem(value: JsonValue, schema: JsonSchema, path: string): FieldError | undefined {
  const types = isIntOrString(schema) ? ['integer', 'string'] : schema.type ? [schema.type] : []
  if (types.length === 0) return undefined
  const found = typeOf(value)
  if (value === null) return schema.nullable ? undefined : wrong('null')
  const fits = types.includes(found) || (found === 'integer' && types.includes('number'))
  const { format = '', type } = schema
  if (format && isKnownFormat(format, type)) {
    if (typeof value !== 'string' && !Array.isArray(value)) return fits ? undefined : wrong(goFormatOf(value), format)
    if (type !== 'integer' && type !== 'number') return undefined
  }
  return fits ? undefined : wrong(found)

  function wrong(is: string, wanted = types.join(',')): FieldError {
    return typeInvalid(path, is, `must be of type ${wanted}: ${JSON.stringify(is)}`)
  }
}

/** A format names what it wants by the kinds that Go has. */
const goFormatOf = (value: JsonValue) => (isJsonNumber(value) ? (isInt64(value) ? 'int64' : 'float64') : '')

function typeOf(value: JsonValue): string {
  if (value === null) return 'null'
  if (Array.isArray(value)) return 'array'
  if (isJsonNumber(value)) return isInt64(value) ? 'integer' : 'number'
  return typeof value
}
