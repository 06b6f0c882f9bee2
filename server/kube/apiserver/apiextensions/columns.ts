// A custom resource as a row. Upstream: apiextensions-apiserver/pkg/registry/customresource/tableconvertor.

import type { CustomResourceColumnDefinition } from 'kubernetes-types/apiextensions/v1'
import { isInt64, isJsonNumber, type JsonPrimitive, type JsonValue } from '../../apimachinery/json.ts'
import type { KubeObject } from '../../apimachinery/object-meta.ts'
import { type Column, humanDuration, nameColumn } from '../../kinds/define-kind.ts'
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
      return found === undefined || found === null ? null : cell(type, found, now)
    },
  }
  return column
}

function cell(type: string, value: JsonValue, now: number): JsonPrimitive {
  switch (type) {
    case 'string':
      return typeof value === 'string' ? value : JSON.stringify(value)
    case 'integer':
      return isInt64(value) ? value : typeof value === 'number' ? Math.trunc(value) : null
    case 'number':
      return isJsonNumber(value) ? Number(value) : null
    case 'boolean':
      return typeof value === 'boolean' ? value : null
    case 'date': {
      if (typeof value !== 'string') return null
      const at = Date.parse(value)
      return Number.isNaN(at) ? '<invalid>' : humanDuration(now - at)
    }
    default:
      return null
  }
}
