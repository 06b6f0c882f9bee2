// A custom resource as a row. Upstream: apiextensions-apiserver/pkg/registry/customresource/tableconvertor.

import type { CustomResourceColumnDefinition } from 'kubernetes-types/apiextensions/v1'
import { isInt64, isJsonNumber, type JsonPrimitive, type JsonValue } from '../../apimachinery/json.ts'
import type { KubeObject } from '../../apimachinery/object-meta.ts'
import { forPages } from '../../apimachinery/status-error.ts'
import { type Column, humanDuration, nameColumn } from '../../kinds/define-kind.ts'
import { readTime } from '../../schemas/decode-scalar.ts'
import { TypeProblem } from '../../schemas/strict-json.ts'
import { jsonPath } from './json-path.ts'

const AGE: CustomResourceColumnDefinition = { name: 'Age', type: 'date', jsonPath: '.metadata.creationTimestamp' }

export function customColumns(told: readonly CustomResourceColumnDefinition[] | undefined): Column<KubeObject>[] {
  if (told?.length) return [nameColumn, ...told.map(columnOf)]
  return [nameColumn, { ...columnOf(AGE), field: 'metadata.creationTimestamp' }]
}

function columnOf({ name, type, format, description, priority, jsonPath: path }: CustomResourceColumnDefinition) {
  const find = jsonPath(path)
  const column: Column<KubeObject> = {
    name,
    type: type as NonNullable<Column<KubeObject>['type']>,
    ...(format ? { format } : {}),
    description: description || `Custom resource definition column (in JSONPath format): ${path}`,
    priority: (priority ?? 0) as 0 | 1,
    value: (object, now) => {
      const [found] = find(object as JsonValue)
      return found === undefined ? null : cell(type, found, now)
    },
  }
  return column
}

function cell(type: string, value: JsonValue, now: number): JsonPrimitive {
  // As Go prints nothing; in other columns it is nothing.
  if (value === null) return type === 'string' ? '<no value>' : null
  switch (type) {
    case 'string':
      return typeof value === 'string' ? value : forPages(JSON.stringify(value))
    case 'integer':
      return isInt64(value) ? value : typeof value === 'number' ? Math.trunc(value) : null
    case 'number':
      return isJsonNumber(value) ? Number(value) : null
    case 'boolean':
      return typeof value === 'boolean' ? value : null
    case 'date':
      return typeof value === 'string' ? age(value, now) : null
    default:
      return null
  }
}

const ZERO_TIME = '0001-01-01T00:00:00Z'

function age(text: string, now: number): string {
  if (text === '' || text === 'null') return '<unknown>'
  try {
    const at = readTime(text, false)
    return at === null || at === ZERO_TIME ? '<unknown>' : humanDuration(now - Date.parse(at))
  } catch (err) {
    if (err instanceof TypeProblem) return '<invalid>'
    throw err
  }
}
