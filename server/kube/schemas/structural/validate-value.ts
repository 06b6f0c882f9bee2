// Does a value fit its schema? Every problem in upstream's words, `spec.replicas in body must be of type integer: "string"`.
//
// What is as it was before an update, and wrong, may stay so (ratcheting): a schema that has become stricter does not
// lock anybody out of their objects. Upstream: kube-openapi/pkg/validation/validate, apiserver/validation/ratcheting.go.

import { deepEqual } from '../../apimachinery/deep.ts'
import { isInt64, isJsonNumber, isJsonObject, type JsonObject, type JsonValue } from '../../apimachinery/json.ts'
import { errorFindings, type FieldError, fieldError } from '../../apimachinery/status-error.ts'
import { Enums } from './enums.ts'
import { hasFormat, isKnownFormat } from './formats.ts'
import type { JsonSchema } from './json-schema.ts'
import { NOWHERE, numberProblems } from './number-rules.ts'
import { OldItems, oldField } from './old-value.ts'
import type { Patterns } from './patterns.ts'

export interface ValueCheck {
  schema: JsonSchema
  value: JsonValue
  /** As it was before; undefined for new objects and what cannot be told apart. */
  old?: JsonValue | undefined
  path?: string
  patterns: Patterns
}

/** No more of them than are told. */
export function valueProblems(check: ValueCheck): readonly FieldError[] {
  const checker = new Checker(check.patterns)
  try {
    return checker.value(check.value, check.schema, { path: check.path ?? '', old: check.old }).problems
  } catch (err) {
    if (err instanceof OutOfBudget) return [TOO_MUCH]
    throw err
  }
}

/** A schema of alternatives and a value may both be as long as a body: more is not looked at than this. */
const MOST_STEPS = 5_000_000
/** So many characters are looked at in the time of a step. */
const CHARACTERS = 16

class OutOfBudget extends Error {}

/** In the place of what is wrong, where finding out is too much. */
export const TOO_MUCH = fieldError.invalid(NOWHERE, '', 'validation failed due to running out of cost budget')

interface Place {
  path: string
  old: JsonValue | undefined
}

/** What was found, and how much of the schema spoke of the value: of alternatives, the one that says most is told of. */
interface Result {
  problems: readonly FieldError[]
  matches: number
}

const NO_PLACE = { old: undefined }
const LONG = 1_000

const NOTHING: Result = { problems: [], matches: 0 }
const isValid = ({ problems }: Result) => problems.length === 0

class Checker {
  readonly #patterns: Patterns
  readonly #enums = new Enums()
  readonly #oldItems = new OldItems()
  #steps = 0

  constructor(patterns: Patterns) {
    this.#patterns = patterns
  }

  value(value: JsonValue, schema: JsonSchema, place: Place): Result {
    const result = this.#look(value, schema, place)
    if (result.problems.length === 0 || place.old === undefined || !deepEqual(place.old, value)) return result
    return { ...result, problems: [] }
  }

  #step(count: number): void {
    this.#steps += count
    if (this.#steps > MOST_STEPS) throw new OutOfBudget()
  }

  #look(value: JsonValue, schema: JsonSchema, place: Place): Result {
    const { path } = place
    const wrongType = typeProblem(value, schema, path)
    const found = errorFindings()
    if (wrongType) found.add(wrongType)
    const isTyped = schema.type !== undefined || isIntOrString(schema)
    let matches = isTyped && !wrongType ? 1 : 0
    const merge = (other: Result) => {
      found.addAll(other.problems)
      matches += other.matches
    }
    this.#step(1)
    if (value !== null) {
      matches += isTyped ? 5 : 4
      merge(this.#junctors(value, schema, path))
      if (typeof value === 'string') merge(this.#text(value, schema, path))
      if (isJsonNumber(value)) merge({ problems: numberProblems(value, schema, path), matches: 2 })
      if (Array.isArray(value)) merge(this.#list(value, schema, place))
    }
    const { enum: allowed } = schema
    if (allowed) {
      this.#step(this.#enums.comparisons(allowed, value))
      const isAllowed = this.#enums.allows(allowed, value)
      if (!isAllowed) found.add(fieldError.notSupported(path, value, this.#enums.text(allowed)))
    }
    if (isJsonObject(value)) merge(this.#object(value, schema, place))
    return { problems: found.all, matches }
  }

  #text(value: string, { format, pattern, minLength, maxLength }: JsonSchema, path: string): Result {
    const problems: FieldError[] = []
    this.#step(value.length / CHARACTERS)
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
    const found = errorFindings()
    let matches = 2
    for (let at = 0; items && at < value.length && !found.areEnough; at++) {
      const item = value[at]!
      const result = this.value(item, items, { path: `${path}[${at}]`, old: this.#oldItems.of(schema, { old, item }) })
      found.addAll(result.problems)
      matches += result.matches
    }
    if (minItems !== undefined && value.length < minItems) {
      found.add(inBody(path, value.length, `should have at least ${minItems} items`))
    }
    if (maxItems !== undefined && value.length > maxItems) found.add(tooMany(path, value.length, maxItems))
    return { problems: found.all, matches }
  }

  #object(value: JsonObject, schema: JsonSchema, { path, old }: Place): Result {
    const { properties = {}, additionalProperties: rest, required = [], minProperties, maxProperties } = schema
    const found = errorFindings()
    let matches = 1
    const count = Object.keys(value).length
    this.#step(count + required.length)
    if (minProperties !== undefined && count < minProperties) {
      found.add(inBody(path, count, `should have at least ${minProperties} properties`))
    }
    if (maxProperties !== undefined && count > maxProperties) found.add(tooMany(path, count, maxProperties))
    for (const [name, inner] of Object.entries(value)) {
      if (found.areEnough) break
      const own = Object.hasOwn(properties, name) ? properties[name] : undefined
      const known = own ?? (typeof rest === 'object' ? rest : undefined)
      const here = path ? `${path}.${name}` : name
      if (known) {
        // Both have the version of the request by now, so these two say nothing of what changed.
        const isTypeMeta = path === '' && (name === 'apiVersion' || name === 'kind')
        const was = isTypeMeta ? undefined : oldField(old, name)
        const result = this.value(inner, known, { path: here, old: was })
        found.addAll(result.problems)
        matches += result.matches
      } else if (rest === false) found.add(inBody(here, name, 'is a forbidden property'))
    }
    for (const name of required) {
      if (found.areEnough) break
      if (!Object.hasOwn(value, name)) found.add(fieldError.required(path ? `${path}.${name}` : name))
    }
    return { problems: found.all, matches }
  }

  /** What is said here is held against every value anew, changed or not. */
  #junctors(value: JsonValue, schema: JsonSchema, path: string): Result {
    const { allOf, anyOf, oneOf, not } = schema
    if (!allOf && !anyOf && !oneOf && !not) return NOTHING
    const resultOf = (inner: JsonSchema) => this.value(value, inner, { path, ...NO_PLACE })
    const found = errorFindings()
    let matches = 0
    const note = (text: string) => found.add(fieldError.invalid(NOWHERE, '', text))
    const tell = (result: Result | undefined) => {
      found.addAll(result?.problems ?? [])
      matches += result?.matches ?? 0
    }
    // To look for what must be escaped would write the whole of it, each time.
    const named = () => (path.length > LONG ? `"${path}"` : JSON.stringify(path))
    if (anyOf && anyOf.length > 0) {
      const { valid, right, nearest } = alternatives(anyOf, resultOf)
      if (valid === 0) note(`${named()} must validate at least one schema (anyOf)`)
      tell(right ?? nearest)
    }
    if (oneOf && oneOf.length > 0) {
      const { valid, right, nearest } = alternatives(oneOf, resultOf)
      if (valid === 1) tell(right)
      else {
        const count = valid === 0 ? 'Found none valid' : `Found ${valid} valid alternatives`
        note(`${named()} must validate one and only one schema (oneOf). ${count}`)
        if (valid === 0) tell(nearest)
      }
    }
    if (allOf && allOf.length > 0) {
      let valid = 0
      for (const inner of allOf) {
        if (found.areEnough) break
        const result = resultOf(inner)
        if (isValid(result)) valid++
        tell(result)
      }
      if (valid < allOf.length) {
        note(`${named()} must validate all the schemas (allOf)${valid === 0 ? '. None validated' : ''}`)
      }
    }
    if (not && isValid(resultOf(not))) note(`${named()} must not validate the schema (not)`)
    return { problems: found.all, matches }
  }
}

/** Of those that are not valid only the nearest is kept: each may be wrong in as much as there is. */
function alternatives(schemas: readonly JsonSchema[], resultOf: (schema: JsonSchema) => Result) {
  const found: { valid: number; right?: Result; nearest?: Result } = { valid: 0 }
  for (const schema of schemas) {
    const result = resultOf(schema)
    if (isValid(result)) {
      found.valid++
      found.right ??= result
    } else if (!found.nearest || result.matches > found.nearest.matches) found.nearest = result
  }
  return found
}

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
