// Defaults fill what is absent, from the outside in: an absent object gets no defaults inside, unless it has one itself.
// Upstream: apiextensions-apiserver/pkg/apiserver/schema/defaulting/algorithm.go.

import { deepCopy } from '../../apimachinery/deep.ts'
import { isJsonObject, type JsonObject, type JsonValue, writeJson } from '../../apimachinery/json.ts'
import { StatusError } from '../../apimachinery/status-error.ts'
import { setOwn } from '../strict-json.ts'
import { LARGEST_REQUEST } from './cel-of-schema.ts'
import { type JsonSchema, schemaOfField } from './json-schema.ts'

/** Changes the value. Lists within defaults of lists multiply: no more is filled in than a request may bring. */
export function setSchemaDefaults(value: JsonValue, schema: JsonSchema | undefined): void {
  if (isFilled(value, schema)) return
  throw new StatusError('RequestEntityTooLarge', `Request entity too large: limit is ${LARGEST_REQUEST}`)
}

/** Of what is kept already, and must be readable whatever its schema has become: what is too much is left out. */
export function setFittingDefaults(value: JsonValue, schema: JsonSchema | undefined): void {
  isFilled(value, schema)
}

function isFilled(value: JsonValue, schema: JsonSchema | undefined): boolean {
  const filling = new Filling()
  filling.fill(value, schema)
  return !filling.isOver
}

interface Default {
  value: JsonValue
  size: number
}

/** Each value within takes more to make and to keep than its few characters. */
const PER_VALUE = 16

const valuesIn = (value: JsonValue): number =>
  typeof value !== 'object' || value === null
    ? 1
    : Object.values(value).reduce<number>((sum, inner) => sum + valuesIn(inner), 1)

class Filling {
  isOver = false
  #filled = 0
  readonly #defaults = new Map<JsonSchema, Default>()
  /** Of each schema, the properties that have defaults: there may be as many properties as there are objects. */
  readonly #properties = new Map<JsonSchema, readonly (readonly [string, JsonSchema])[]>()

  fill(value: JsonValue, schema: JsonSchema | undefined): void {
    if (!schema || this.isOver) return
    if (Array.isArray(value)) {
      const { items } = schema
      for (const [at, item] of value.entries()) {
        if (this.isOver) return
        if (isBareNull(item, items)) value[at] = this.#copy(items) ?? null
        this.fill(value[at] ?? null, items)
      }
    } else if (isJsonObject(value)) this.#object(value, schema)
  }

  #object(value: JsonObject, schema: JsonSchema): void {
    for (const [name, property] of this.#propertiesOf(schema)) {
      if (!Object.hasOwn(value, name) || isBareNull(value[name] ?? null, property)) this.#set(value, name, property)
    }
    for (const name of Object.keys(value)) {
      if (this.isOver) return
      const known = schemaOfField(schema, name)
      if (known?.default !== undefined && isBareNull(value[name] ?? null, known)) this.#set(value, name, known)
      this.fill(value[name] ?? null, known)
    }
  }

  #set(value: JsonObject, name: string, schema: JsonSchema): void {
    const copy = this.#copy(schema, name.length)
    if (copy !== undefined) setOwn(value, name, copy)
  }

  /** Nothing when that would be too much. */
  #copy(schema: JsonSchema | undefined, more = 0): JsonValue | undefined {
    if (schema?.default === undefined) return null
    const { value, size } = this.#defaultOf(schema, schema.default)
    this.#filled += size + more
    if (this.#filled > LARGEST_REQUEST) this.isOver = true
    return this.isOver ? undefined : deepCopy(value)
  }

  #defaultOf(schema: JsonSchema, value: JsonValue): Default {
    const known = this.#defaults.get(schema) ?? { value, size: writeJson(value).length + PER_VALUE * valuesIn(value) }
    this.#defaults.set(schema, known)
    return known
  }

  #propertiesOf(schema: JsonSchema): readonly (readonly [string, JsonSchema])[] {
    const known =
      this.#properties.get(schema) ??
      Object.entries(schema.properties ?? {}).filter(([, property]) => property.default !== undefined)
    this.#properties.set(schema, known)
    return known
  }
}

const isBareNull = (value: JsonValue, schema: JsonSchema | undefined) =>
  value === null && schema !== undefined && schema.nullable !== true
