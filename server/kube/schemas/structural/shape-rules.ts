// What a schema promises beyond values: sets and maps have no element twice, embedded resources say what they are.
// Upstream: apiextensions-apiserver/pkg/apiserver/schema/{listtype,objectmeta}.

import { isJsonObject, type JsonObject, type JsonValue } from '../../apimachinery/json.ts'
import { dns1035LabelProblems } from '../../apimachinery/names.ts'
import { type FieldError, fieldError } from '../../apimachinery/status-error.ts'
import { child, type JsonSchema } from './json-schema.ts'

export function listProblems(value: JsonValue, schema: JsonSchema, path = ''): FieldError[] {
  if (Array.isArray(value)) {
    const { items } = schema
    const type = schema['x-kubernetes-list-type']
    const own = type === 'set' ? setProblems(value, path) : type === 'map' ? mapProblems(value, schema, path) : []
    return [...own, ...(items ? value.flatMap((item, at) => listProblems(item, items, `${path}[${at}]`)) : [])]
  }
  return isJsonObject(value) ? below(value, schema, path, listProblems) : []
}

function below(
  value: JsonObject,
  { properties, additionalProperties: rest }: JsonSchema,
  path: string,
  look: (value: JsonValue, schema: JsonSchema, path: string) => FieldError[],
): FieldError[] {
  // Nothing below a value that is neither a list nor an object: thousands of them need no names.
  return Object.entries(value).flatMap(([name, inner]) => {
    if (typeof inner !== 'object' || inner === null) return []
    const own = properties && Object.hasOwn(properties, name) ? properties[name] : undefined
    if (own) return look(inner, own, child(path, name))
    return typeof rest === 'object' ? look(inner, rest, `${path}[${name}]`) : []
  })
}

/** One error for each value that stands more than once, at its second place. */
function setProblems(list: JsonValue[], path: string, shown = list): FieldError[] {
  const times = new Map<string, number>()
  return list.flatMap((value, at) => {
    const key = JSON.stringify(ordered(value))
    const before = times.get(key) ?? 0
    times.set(key, before + 1)
    return before === 1 ? [fieldError.duplicate(`${path}[${at}]`, shown[at])] : []
  })
}

/** With names in order: what is the same is written the same. */
function ordered(value: JsonValue): JsonValue {
  if (Array.isArray(value)) return value.map(ordered)
  if (!isJsonObject(value)) return value
  return Object.fromEntries(
    Object.keys(value)
      .sort()
      .map((name) => [name, ordered(value[name] ?? null)]),
  )
}

function mapProblems(list: JsonValue[], schema: JsonSchema, path: string): FieldError[] {
  const wrong = list.findIndex((value) => value !== null && !isJsonObject(value))
  if (wrong >= 0) {
    return [fieldError.invalid(`${path}[${wrong}]`, list[wrong], 'must be an object for an array of list-type map')]
  }
  const keys = list.map((value) => {
    const key: JsonObject = {}
    if (!isJsonObject(value)) return key
    for (const name of schema['x-kubernetes-list-map-keys'] ?? []) {
      if (value[name] !== undefined) key[name] = value[name]
    }
    return key
  })
  return setProblems(keys, path)
}

/** What is wrong with metadata; asked of those who know what metadata must be. */
type MetaProblems = (metadata: JsonObject, path: string) => FieldError[]

/** Not of the root, whose metadata are looked after as those of any object. */
export function embeddedProblems(
  value: JsonValue,
  schema: JsonSchema,
  path = '',
  metaProblems: MetaProblems = () => [],
): FieldError[] {
  const go = (inner: JsonValue, innerSchema: JsonSchema, at: string) =>
    embeddedProblems(inner, innerSchema, at, metaProblems)
  if (Array.isArray(value)) {
    const { items } = schema
    return items ? value.flatMap((item, at) => go(item, items, `${path}[${at}]`)) : []
  }
  if (!isJsonObject(value)) return []
  const inside = below(value, schema, path, go)
  if (!schema['x-kubernetes-embedded-resource']) return inside
  const { metadata } = value
  const own = isJsonObject(metadata) ? metaProblems(metadata, child(path, 'metadata')) : []
  return [...typeMetaProblems(value, path), ...own, ...inside]
}

function typeMetaProblems(value: JsonObject, path: string): FieldError[] {
  const problems: FieldError[] = []
  for (const name of ['apiVersion', 'kind'] as const) {
    const at = child(path, name)
    const told = value[name]
    if (told === undefined) problems.push(fieldError.required(at))
    else if (typeof told !== 'string') problems.push(fieldError.invalid(at, told, 'must be a string'))
    else if (told === '') problems.push(fieldError.invalid(at, told, 'must not be empty'))
    else if (name === 'kind') {
      const wrong = dns1035LabelProblems(told.toLowerCase())
      if (wrong.length > 0) {
        problems.push(
          fieldError.invalid(at, told, `may have mixed case, but should otherwise match: ${wrong.join(',')}`),
        )
      }
    } else if (told.split('/').length > 2) {
      problems.push(fieldError.invalid(at, told, `unexpected GroupVersion string: ${told}`))
    }
  }
  return problems
}
