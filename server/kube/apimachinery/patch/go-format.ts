// JSON values as Go's `%v` prints them, for messages that learners may look up: `map[image:nginx ports:[80 443]]`.

import { isInt64, type JsonValue } from '../json.ts'

export function goFormat(value: JsonValue | undefined): string {
  if (value === null || value === undefined) return '<nil>'
  if (Array.isArray(value)) return `[${value.map(goFormat).join(' ')}]`
  if (typeof value !== 'object') return String(value)
  const entries = Object.keys(value).sort()
  return `map[${entries.map((key) => `${key}:${goFormat(value[key])}`).join(' ')}]`
}

/** A value as Go's `%#v` prints it: people search for these words. Maps that were read from YAML may have any keys. */
export function goSyntax(value: JsonValue, keyType: 'string' | 'interface {}' = 'string'): string {
  if (value === null) return 'interface {}(nil)'
  if (Array.isArray(value)) return `[]interface {}{${value.map((one) => goSyntax(one, keyType)).join(', ')}}`
  if (typeof value !== 'object') return JSON.stringify(value)
  const keys = Object.keys(value).sort()
  const entries = keys.map((key) => `${JSON.stringify(key)}:${goSyntax(value[key]!, keyType)}`)
  return `map[${keyType}]interface {}{${entries.join(', ')}}`
}

/** What Go reads JSON's value as: its `%T`. */
export function goTypeOf(value: JsonValue): string {
  if (value === null) return '<nil>'
  if (Array.isArray(value)) return '[]interface {}'
  if (typeof value === 'object') return 'map[string]interface {}'
  if (typeof value === 'boolean') return 'bool'
  return typeof value === 'string' ? 'string' : isInt64(value) ? 'int64' : 'float64'
}

/** Of a field that is not what its place promises. Upstream: apimachinery/pkg/apis/meta/v1/unstructured/helpers.go. */
export const accessorProblem = (path: string, value: JsonValue, expected: string) =>
  `${path} accessor error: ${goFormat(value)} is of the type ${goTypeOf(value)}, expected ${expected}`
