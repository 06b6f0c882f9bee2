// Is an applied configuration of its kind's types? Unlike other writes, an apply may hold nothing that its kind does not
// know: nobody could own it. Worded as upstream: structured-merge-diff/typed/validate.go.

import { isJsonObject, type JsonValue } from '../../apimachinery/json.ts'
import { StatusError } from '../../apimachinery/status-error.ts'
import type { FieldFact, GroupVersionKind, Schemas, TypeFact, ValueType } from '../schemas.ts'
import { schemaOfField } from './apply-schema.ts'
import { pathText } from './field-set.ts'
import { stepOf } from './typed-value.ts'

/** `.spec.foo: field not declared in schema`, one for each thing that is wrong; none for kinds without types. */
export function typeProblems(schemas: Schemas, gvk: GroupVersionKind, value: JsonValue): string[] {
  const type = schemas.typeOf(gvk)
  if (!type) return []
  const check = new TypedCheck(schemas)
  check.object(value, type)
  return check.problems
}

class TypedCheck {
  readonly problems: string[] = []
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
        if (typeof value !== 'boolean') this.#note(`expected boolean, got ${goText(value)}`)
        break
      case 'int32':
      case 'int64':
      case 'double':
        if (typeof value !== 'number') this.#note(`expected numeric (int or float), got ${goType(value)}`)
        break
      case 'int-or-string':
      case 'quantity':
        if (typeof value === 'object') this.#note(`expected untyped scalar, got ${goText(value)}`)
        break
      case 'raw':
        break
      default:
        if (typeof value !== 'string') this.#note(`expected string, got ${goText(value)}`)
    }
  }

  #entries(value: JsonValue): [string, JsonValue][] {
    if (isJsonObject(value)) return Object.entries(value)
    if (value !== null) this.#note(`expected map, got ${goText(value)}`)
    return []
  }

  #list(value: JsonValue, type: ValueType & { kind: 'array' }, field?: FieldFact): void {
    if (!Array.isArray(value)) this.#note(`expected list, got ${goText(value)}`)
    const seen = new Set<string>()
    for (const [at, element] of (Array.isArray(value) ? value : []).entries()) {
      const step = this.#stepOf(element, at, field)
      if (step === undefined) continue
      if (seen.has(step)) this.#note(`duplicate entries for key ${pathText([step])}`)
      seen.add(step)
      this.#below(step, () => this.#value(element, type.items))
    }
  }

  #stepOf(element: JsonValue, at: number, field: FieldFact | undefined): string | undefined {
    const schema = field && schemaOfField(this.#schemas, field)
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
    this.#path.push(step)
    check()
    this.#path.pop()
  }

  #note(problem: string): void {
    this.problems.push(`${pathText(this.#path)}: ${problem}`)
  }
}

/** As Go prints the value it has found: people search for these words. */
function goText(value: JsonValue): string {
  return `&value.valueUnstructured{Value:${typeof value === 'object' ? goType(value) : JSON.stringify(value)}}`
}

function goType(value: JsonValue): string {
  if (Array.isArray(value)) return '[]interface {}'
  if (typeof value === 'number') return Number.isInteger(value) ? 'int64' : 'float64'
  if (typeof value === 'boolean') return 'bool'
  return typeof value === 'string' ? 'string' : 'map[string]interface {}'
}
