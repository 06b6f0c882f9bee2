// Does a value fit its schema? Every problem in upstream's words, `spec.replicas in body must be of type integer: "string"`.
//
// What is as it was before an update, and wrong, may stay so (ratcheting): a schema that has become stricter does not
// lock anybody out of their objects. Upstream: kube-openapi/pkg/validation/validate, apiserver/validation/ratcheting.go.

import { isInt64, isJsonNumber, isJsonObject, type JsonObject, type JsonValue } from '../../apimachinery/json.ts'
import { errorFindings, type FieldError, fieldError } from '../../apimachinery/status-error.ts'
import type { Findings } from '../../apimachinery/told.ts'
import { Enums } from './enums.ts'
import { hasFormat, isKnownFormat } from './formats.ts'
import type { JsonSchema } from './json-schema.ts'
import { NOWHERE, numberProblems } from './number-rules.ts'
import { OldItems, oldField } from './old-value.ts'
import type { Patterns } from './patterns.ts'
import { ValueNumbers } from './value-numbers.ts'

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
/** And so many held against as many steps of a pattern. */
const MATCHED = 32
/** And so many held against a format. */
const READ = 2
/** What both take of a text of whatever length. */
const AT_LEAST = 2

class OutOfBudget extends Error {}

/** In the place of what is wrong, where finding out is too much. */
export const TOO_MUCH = fieldError.invalid(NOWHERE, '', 'validation failed due to running out of cost budget')

interface Place {
  path: string
  old: JsonValue | undefined
}

/** What was found, and how much of the schema spoke of the value: of alternatives, the one that says most is told of. */
class Result {
  matches = 0
  /** Made when there is something: there is a result for each alternative of each value. */
  #found: Findings<FieldError> | undefined

  get problems(): readonly FieldError[] {
    return this.#found?.all ?? []
  }

  get isValid(): boolean {
    return this.#found === undefined
  }

  get isEnough(): boolean {
    return this.#found?.areEnough ?? false
  }

  add(problem: FieldError): void {
    this.#found ??= errorFindings()
    this.#found.add(problem)
  }

  addAll(problems: readonly FieldError[]): void {
    for (const problem of problems) this.add(problem)
  }

  merge({ problems, matches }: Result): void {
    this.addAll(problems)
    this.matches += matches
  }
}

const NO_PLACE = { old: undefined }
const LONG = 1_000

class Checker {
  readonly #patterns: Patterns
  readonly #numbers = new ValueNumbers()
  readonly #enums = new Enums(this.#numbers)
  readonly #oldItems = new OldItems()
  #steps = 0

  constructor(patterns: Patterns) {
    this.#patterns = patterns
  }

  /** Adds to `result` what is wrong with the value and was not so before. */
  value(value: JsonValue, schema: JsonSchema, place: Place, result = new Result()): Result {
    if (place.old === undefined) return this.#look(value, schema, place, result)
    const own = this.#look(value, schema, place, new Result())
    if (own.isValid || !this.#numbers.areSame(place.old, value)) result.merge(own)
    else result.matches += own.matches
    return result
  }

  #step(count: number): void {
    this.#steps += count
    if (this.#steps > MOST_STEPS) throw new OutOfBudget()
  }

  #look(value: JsonValue, schema: JsonSchema, place: Place, result: Result): Result {
    const { path } = place
    this.#step(1)
    const wrongType = typeProblem(value, schema, path)
    if (wrongType) result.add(wrongType)
    const isTyped = schema.type !== undefined || isIntOrString(schema)
    if (isTyped && !wrongType) result.matches++
    if (value !== null) {
      result.matches += isTyped ? 5 : 4
      this.#junctors(value, schema, path, result)
      if (typeof value === 'string') this.#text(value, schema, path, result)
      else if (isJsonNumber(value)) {
        this.#step(1)
        result.addAll(numberProblems(value, schema, path))
        result.matches += 2
      } else if (Array.isArray(value)) this.#list(value, schema, place, result)
    }
    const { enum: allowed } = schema
    if (allowed && !this.#enums.allows(allowed, value)) {
      result.add(fieldError.notSupported(path, value, this.#enums.text(allowed)))
    }
    if (isJsonObject(value)) this.#object(value, schema, place, result)
    return result
  }

  #text(value: string, { format, pattern, minLength, maxLength }: JsonSchema, path: string, result: Result): void {
    this.#step(value.length / (format ? READ : CHARACTERS) + (pattern || format ? AT_LEAST : 0))
    const length = maxLength === undefined && minLength === undefined ? 0 : [...value].length
    if (maxLength !== undefined && length > maxLength) result.add(fieldError.tooLong(path, maxLength))
    else if (minLength !== undefined && length < minLength) {
      result.add(inBody(path, value, `should be at least ${minLength} chars long`))
    } else if (pattern && !this.#matches(pattern, value)) {
      result.add(inBody(path, value, `should match '${pattern}'`))
    }
    const fits = format ? hasFormat(value, format) : undefined
    if (fits === false) result.add(typeInvalid(path, value, `must be of type ${format}: ${JSON.stringify(value)}`))
    result.matches += fits === undefined ? 1 : 2
  }

  #matches(pattern: string, value: string): boolean {
    const { pattern: compiled, steps } = this.#patterns.compile(pattern)
    this.#step((value.length * steps) / MATCHED)
    return compiled.matcher(value).find()
  }

  #list(value: JsonValue[], schema: JsonSchema, { path, old }: Place, result: Result): void {
    const { items, minItems, maxItems } = schema
    result.matches += 2
    for (let at = 0; items && at < value.length && !result.isEnough; at++) {
      const item = value[at]!
      this.value(item, items, { path: `${path}[${at}]`, old: this.#oldItems.of(schema, { old, item }) }, result)
    }
    if (minItems !== undefined && value.length < minItems) {
      result.add(inBody(path, value.length, `should have at least ${minItems} items`))
    }
    if (maxItems !== undefined && value.length > maxItems) result.add(tooMany(path, value.length, maxItems))
  }

  #object(value: JsonObject, schema: JsonSchema, { path, old }: Place, result: Result): void {
    const { properties = {}, additionalProperties: rest, required = [], minProperties, maxProperties } = schema
    result.matches++
    const names = Object.keys(value)
    const count = names.length
    this.#step(count + required.length)
    if (minProperties !== undefined && count < minProperties) {
      result.add(inBody(path, count, `should have at least ${minProperties} properties`))
    }
    if (maxProperties !== undefined && count > maxProperties) result.add(tooMany(path, count, maxProperties))
    for (const name of names) {
      if (result.isEnough) break
      const own = Object.hasOwn(properties, name) ? properties[name] : undefined
      const known = own ?? (typeof rest === 'object' ? rest : undefined)
      const here = path ? `${path}.${name}` : name
      if (known) {
        // Both have the version of the request by now, so these two say nothing of what changed.
        const isTypeMeta = path === '' && (name === 'apiVersion' || name === 'kind')
        const was = isTypeMeta ? undefined : oldField(old, name)
        this.value(value[name]!, known, { path: here, old: was }, result)
      } else if (rest === false) result.add(inBody(here, name, 'is a forbidden property'))
    }
    for (const name of required) {
      if (result.isEnough) break
      if (!Object.hasOwn(value, name)) result.add(fieldError.required(path ? `${path}.${name}` : name))
    }
  }

  /** What is said here is held against every value anew, changed or not. */
  #junctors(value: JsonValue, schema: JsonSchema, path: string, result: Result): void {
    const { allOf, anyOf, oneOf, not } = schema
    if (!allOf && !anyOf && !oneOf && !not) return
    const resultOf = (inner: JsonSchema) => this.value(value, inner, { path, ...NO_PLACE })
    const note = (text: string) => result.add(fieldError.invalid(NOWHERE, '', text))
    // To look for what must be escaped would write the whole of it, each time.
    const named = () => (path.length > LONG ? `"${path}"` : JSON.stringify(path))
    if (anyOf && anyOf.length > 0) {
      const { valid, right, nearest } = alternatives(anyOf, resultOf, 1)
      if (valid === 0) note(`${named()} must validate at least one schema (anyOf)`)
      result.merge((right ?? nearest)!)
    }
    if (oneOf && oneOf.length > 0) {
      const { valid, right, nearest } = alternatives(oneOf, resultOf, oneOf.length)
      if (valid === 1) result.merge(right!)
      else {
        const count = valid === 0 ? 'Found none valid' : `Found ${valid} valid alternatives`
        note(`${named()} must validate one and only one schema (oneOf). ${count}`)
        if (valid === 0) result.merge(nearest!)
      }
    }
    if (allOf && allOf.length > 0) {
      let valid = 0
      for (const inner of allOf) {
        if (result.isEnough) break
        const one = resultOf(inner)
        if (one.isValid) valid++
        result.merge(one)
      }
      if (valid < allOf.length) {
        note(`${named()} must validate all the schemas (allOf)${valid === 0 ? '. None validated' : ''}`)
      }
    }
    if (not && resultOf(not).isValid) note(`${named()} must not validate the schema (not)`)
  }
}

/** Of those that are not valid only the nearest is kept: each may be wrong in as much as there is. */
function alternatives(schemas: readonly JsonSchema[], resultOf: (schema: JsonSchema) => Result, most: number) {
  const found: { valid: number; right?: Result; nearest?: Result } = { valid: 0 }
  for (const schema of schemas) {
    if (found.valid === most) break
    const result = resultOf(schema)
    if (result.isValid) {
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

const INT_OR_STRING = ['integer', 'string']
const isIntOrString = (schema: JsonSchema) => schema['x-kubernetes-int-or-string'] === true

function typeProblem(value: JsonValue, schema: JsonSchema, path: string): FieldError | undefined {
  const { type } = schema
  if (!type && !isIntOrString(schema)) return undefined
  const found = typeOf(value)
  if (found === type && !schema.format) return undefined
  const types = isIntOrString(schema) ? INT_OR_STRING : [type ?? '']
  if (value === null) return schema.nullable ? undefined : wrong('null')
  const fits = types.includes(found) || (found === 'integer' && types.includes('number'))
  const { format = '' } = schema
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
