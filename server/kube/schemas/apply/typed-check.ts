// Is an applied configuration of its kind's types? Unlike other writes, an apply may hold nothing that its kind does not
// know: nobody could own it. Worded as upstream: structured-merge-diff/typed/validate.go.

import { KEPT_DEPTH } from '../../apimachinery/depth.ts'
import { isInt64, isJsonNumber, isJsonObject, type JsonValue } from '../../apimachinery/json.ts'
import { goFormat, goSyntax } from '../../apimachinery/patch/go-format.ts'
import { badRequest, StatusError } from '../../apimachinery/status-error.ts'
import { shortened, textFindings } from '../../apimachinery/told.ts'
import type { FieldFact, GroupVersionKind, Schemas, TypeFact, ValueType } from '../schemas.ts'
import { MOST_PROBLEMS } from '../strict-json.ts'
import { applySchemaOfSchema } from '../structural/apply-of-schema.ts'
import {
  type JsonSchema,
  META_FIELDS,
  schemaOfField as propertySchema,
  takesAnyField,
} from '../structural/json-schema.ts'
import { type ApplySchema, schemaOfField } from './apply-schema.ts'
import { pathText } from './field-set.ts'
import { stepOf } from './typed-value.ts'

/** Thrown when so many are found that no more are told of. */
class Enough extends Error {}

/** `.spec.foo: field not declared in schema`, one for each thing that is wrong; none for kinds without types. */
export function typeProblems(
  schemas: Schemas,
  gvk: GroupVersionKind & { schema?: JsonSchema },
  value: JsonValue,
): string[] {
  const check = new TypedCheck(schemas)
  const type = schemas.typeOf(gvk)
  try {
    if (gvk.schema) check.custom(value, gvk.schema)
    else if (type) check.object(value, type)
  } catch (err) {
    if (!(err instanceof Enough)) throw err
  }
  return check.problems.all
}

/** A kind that is metadata and nothing else. */
const ANY = { group: 'meta.k8s.io', version: 'v1', kind: 'PartialObjectMetadata' }

class TypedCheck {
  readonly problems = textFindings(MOST_PROBLEMS)
  readonly #schemas: Schemas
  readonly #path: string[] = []

  constructor(schemas: Schemas) {
    this.#schemas = schemas
  }

  object(value: JsonValue, type: TypeFact): void {
    for (const [name, inner] of this.#entries(value)) {
      const field = type.fields.get(name)
      this.#below(`f:${name}`, () => {
        if (!field) this.#note('field not declared in schema')
        else this.#value(inner, field.type, field)
      })
    }
  }

  #value(value: JsonValue, type: ValueType, field?: FieldFact): void {
    if (value === null) return
    switch (type.kind) {
      case 'ref':
        this.object(value, this.#schemas.type(type.ref)!)
        break
      case 'array':
        this.#list(value, type, field)
        break
      case 'map':
        for (const [key, inner] of this.#entries(value)) this.#below(`f:${key}`, () => this.#value(inner, type.values))
        break
      case 'bool':
        if (typeof value !== 'boolean') this.#note(`expected boolean, got &{${goFormat(value)}}`)
        break
      case 'int32':
      case 'int64':
      case 'double':
        if (!isJsonNumber(value)) this.#note(`expected numeric (int or float), got ${goType(value)}`)
        break
      case 'int-or-string':
      case 'quantity':
        if (typeof value === 'object') this.#note(`expected any scalar, got &{${goFormat(value)}}`)
        break
      case 'raw':
        break
      default:
        if (typeof value !== 'string')
          this.#note(`expected string, got &value.valueUnstructured{Value:${goSyntax(value)}}`)
    }
  }

  /** An object of a schema's root: its metadata are those of any object. */
  custom(value: JsonValue, schema: JsonSchema): void {
    const meta = this.#schemas.typeOf(ANY)!
    for (const [name, inner] of this.#entries(value)) {
      const field = META_FIELDS.has(name) ? meta.fields.get(name) : undefined
      this.#below(`f:${name}`, () =>
        field ? this.#value(inner, field.type, field) : this.#property(name, inner, schema),
      )
    }
  }

  #property(name: string, value: JsonValue, schema: JsonSchema): void {
    const known = propertySchema(schema, name)
    if (known) this.#bySchema(value, known)
    else if (!schema['x-kubernetes-preserve-unknown-fields'] && !takesAnyField(schema)) {
      this.#note('field not declared in schema')
    }
  }

  #bySchema(value: JsonValue, schema: JsonSchema): void {
    if (value === null) return
    if (schema['x-kubernetes-int-or-string']) {
      if (typeof value === 'object') this.#note(`expected any scalar, got &{${goFormat(value)}}`)
      return
    }
    switch (schema.type) {
      case 'object': {
        const isMeta = schema['x-kubernetes-embedded-resource']
        for (const [name, inner] of this.#entries(value)) {
          if (isMeta && META_FIELDS.has(name)) continue
          this.#below(`f:${name}`, () => this.#property(name, inner, schema))
        }
        break
      }
      case 'array':
        this.#elements(value, applySchemaOfSchema(schema), (element) => this.#bySchema(element, schema.items ?? {}))
        break
      case 'boolean':
        if (typeof value !== 'boolean') this.#note(`expected boolean, got &{${goFormat(value)}}`)
        break
      case 'integer':
      case 'number':
        if (!isJsonNumber(value)) this.#note(`expected numeric (int or float), got ${goType(value)}`)
        break
      case 'string':
        if (typeof value !== 'string')
          this.#note(`expected string, got &value.valueUnstructured{Value:${goSyntax(value)}}`)
    }
  }

  #entries(value: JsonValue): [string, JsonValue][] {
    if (isJsonObject(value)) return Object.entries(value)
    if (value !== null) this.#note(`expected map, got &{${goFormat(value)}}`)
    return []
  }

  #list(value: JsonValue, type: ValueType & { kind: 'array' }, field?: FieldFact): void {
    const schema = field && schemaOfField(this.#schemas, field)
    this.#elements(value, schema, (element) => this.#value(element, type.items))
  }

  #elements(value: JsonValue, schema: ApplySchema | undefined, check: (element: JsonValue) => void): void {
    if (!Array.isArray(value)) this.#note(`expected list, got &{${goFormat(value)}}`)
    const seen = new Set<string>()
    for (const [at, element] of (Array.isArray(value) ? value : []).entries()) {
      const step = this.#stepOf(element, at, schema)
      if (step === undefined) continue
      if (seen.has(step)) this.#note(`duplicate entries for key ${pathText([step])}`)
      seen.add(step)
      this.#below(step, () => check(element))
    }
  }

  #stepOf(element: JsonValue, at: number, schema: ApplySchema | undefined): string | undefined {
    if (schema?.kind !== 'list') return `i:${at}`
    try {
      return stepOf(schema, element)
    } catch (err) {
      if (!(err instanceof StatusError)) throw err
      this.#note(`element ${at}: ${err.message.replace(/^: /, '')}`)
      return undefined
    }
  }

  #below(step: string, check: () => void): void {
    if (this.#path.length === KEPT_DEPTH) throw badRequest('exceeded max depth')
    this.#path.push(step)
    check()
    this.#path.pop()
  }

  #note(problem: string): void {
    this.problems.add(shortened(`${pathText(this.#path)}: ${problem}`))
    if (this.problems.areEnough) throw new Enough()
  }
}

function goType(value: JsonValue): string {
  if (Array.isArray(value)) return '[]interface {}'
  if (isJsonNumber(value)) return isInt64(value) ? 'int64' : 'float64'
  if (typeof value === 'boolean') return 'bool'
  return typeof value === 'string' ? 'string' : 'map[string]interface {}'
}
