// What a rule may say of a value, by the value's schema. Fields whose content is unknown cannot be named in a rule.
// Upstream: apiextensions-apiserver/pkg/apiserver/schema/cel/model, apiserver/pkg/cel/common/schemas.go.

import type { CelType } from '../../cel/cel-type.ts'
import type { JsonSchema } from './json-schema.ts'

const STRING: CelType = { kind: 'string' }
/** Of metadata a rule sees these two, at the root and in embedded resources. */
const META: Readonly<Record<string, CelType>> = {
  apiVersion: STRING,
  kind: STRING,
  metadata: { kind: 'object', fields: { name: STRING, generateName: STRING } },
}

export function celTypeOf(schema: JsonSchema, { isRoot = false } = {}): CelType | undefined {
  if (schema['x-kubernetes-int-or-string'] || (schema.nullable && schema.type)) return { kind: 'dyn' }
  switch (schema.type) {
    case 'boolean':
      return { kind: 'bool' }
    case 'integer':
      return { kind: 'int' }
    case 'number':
      return { kind: 'double' }
    case 'string':
      return { kind: textKind(schema.format), ...sized('maxLength', schema.maxLength ?? longest(schema.enum)) }
    case 'array': {
      const items = schema.items && celTypeOf(schema.items)
      return items && { kind: 'list', items, ...sized('maxItems', schema.maxItems) }
    }
    case 'object':
      return objectType(schema, isRoot || schema['x-kubernetes-embedded-resource'] === true)
    default:
      return undefined
  }
}

function objectType(schema: JsonSchema, hasMeta: boolean): CelType | undefined {
  const { properties, additionalProperties: rest } = schema
  if (typeof rest === 'object') {
    const values = celTypeOf(rest)
    return values && { kind: 'map', values, ...sized('maxProperties', schema.maxProperties) }
  }
  if (!properties && !hasMeta) {
    return schema['x-kubernetes-preserve-unknown-fields'] ? undefined : { kind: 'object', fields: {} }
  }
  const fields: Record<string, CelType> = {}
  for (const [name, property] of Object.entries(properties ?? {})) {
    const type = celTypeOf(property)
    if (type) fields[name] = type
  }
  return { kind: 'object', fields: hasMeta ? { ...fields, ...META } : fields }
}

function textKind(format: string | undefined): 'string' | 'bytes' | 'timestamp' | 'duration' {
  if (format === 'byte') return 'bytes'
  if (format === 'duration') return 'duration'
  return format === 'date' || format === 'date-time' || format === 'datetime' ? 'timestamp' : 'string'
}

const longest = (values: readonly unknown[] | undefined) =>
  values && Math.max(0, ...values.map((value) => String(value).length))

const sized = <K extends string>(name: K, size: number | undefined) =>
  (size === undefined ? {} : { [name]: size }) as { [key in K]?: number }
