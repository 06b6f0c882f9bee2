// What a rule may say of a value, by the value's schema. Fields whose content is unknown cannot be named in a rule.
// Upstream: apiextensions-apiserver/pkg/apiserver/schema/cel/model, apiserver/pkg/cel/common/schemas.go.

import { ownOf } from '../../apimachinery/own.ts'
import type { CelType } from '../../cel/cel-type.ts'
import type { JsonSchema } from './json-schema.ts'

/** All that a request can hold. */
export const LARGEST_REQUEST = 3 * 1024 * 1024
const LONGEST_TEXT = LARGEST_REQUEST - 2
/** So many of at least this size. */
const fits = (least: number) => Math.floor((LARGEST_REQUEST - 2) / least)
/** A character takes up to four bytes. */
const fourfold = (length: number | undefined) => (length === undefined ? undefined : Number(length) * 4)

const STRING: CelType = { kind: 'string', most: LONGEST_TEXT, least: 2 }
/** Of metadata a rule sees these two, at the root and in embedded resources. */
const META: Readonly<Record<string, CelType>> = {
  apiVersion: STRING,
  kind: STRING,
  metadata: { kind: 'object', fields: { name: STRING, generateName: STRING }, least: 2 },
}

export function celTypeOf(schema: JsonSchema, { isRoot = false } = {}): CelType | undefined {
  if (schema['x-kubernetes-int-or-string']) {
    return { kind: 'dyn', most: fourfold(schema.maxLength) ?? LONGEST_TEXT, least: 1 }
  }
  if (!schema.nullable || !schema.type) return plainTypeOf(schema, isRoot)
  const unlessNull = plainTypeOf(schema, isRoot)
  return { kind: 'dyn', ...(unlessNull ? { unlessNull, least: unlessNull.least ?? 1 } : {}) }
}

function plainTypeOf(schema: JsonSchema, isRoot: boolean): CelType | undefined {
  switch (schema.type) {
    case 'boolean':
      return { kind: 'bool', least: 4 }
    case 'integer':
      return { kind: 'int', least: 1 }
    case 'number':
      return { kind: 'double', least: 1 }
    case 'string':
      return textType(schema)
    case 'array': {
      const items = schema.items && celTypeOf(schema.items)
      return items && { kind: 'list', items, most: Number(schema.maxItems ?? fits((items.least ?? 0) + 1)), least: 2 }
    }
    case 'object':
      return objectType(schema, isRoot || schema['x-kubernetes-embedded-resource'] === true)
    default:
      return undefined
  }
}

function objectType(schema: JsonSchema, hasMeta: boolean): CelType | undefined {
  const { properties, additionalProperties: rest, required = [] } = schema
  if (typeof rest === 'object') {
    const values = celTypeOf(rest)
    // Of each entry at least the quotes, the colon, the comma and one character of its key.
    return (
      values && { kind: 'map', values, most: Number(schema.maxProperties ?? fits((values.least ?? 0) + 6)), least: 2 }
    )
  }
  if (!properties && !hasMeta) {
    return schema['x-kubernetes-preserve-unknown-fields'] ? undefined : { kind: 'object', fields: {}, least: 2 }
  }
  const fields: Record<string, CelType> = {}
  let least = 2
  for (const [name, property] of Object.entries(properties ?? {})) {
    const type = celTypeOf(property)
    if (!type) continue
    fields[name] = type
    if (required.includes(name) && property.default === undefined) least += name.length + (type.least ?? 0) + 4
  }
  return { kind: 'object', fields: hasMeta ? { ...fields, ...META } : fields, least }
}

/** Sizes of times as JSON has them. */
const OF_FORMAT: Readonly<Record<string, { kind: 'timestamp' | 'duration'; most: number; least: number }>> = {
  duration: { kind: 'duration', most: 32, least: 3 },
  date: { kind: 'timestamp', most: 12, least: 12 },
  'date-time': { kind: 'timestamp', most: 32, least: 21 },
}

function textType({ format = '', maxLength, enum: choices }: JsonSchema): CelType {
  const known = ownOf(OF_FORMAT, format)
  if (known) return known
  if (format === 'byte') return { kind: 'bytes', most: Number(maxLength ?? LONGEST_TEXT), least: 2 }
  const longest = choices && Math.max(0, ...choices.map((value) => (typeof value === 'string' ? value.length : 0)))
  return { kind: 'string', most: fourfold(maxLength) ?? longest ?? LONGEST_TEXT, least: 2 }
}
