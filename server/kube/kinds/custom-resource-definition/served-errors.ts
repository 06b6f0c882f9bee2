// What a definition wants shown and selected: columns, the scale subresource, selectable fields.
// Upstream: apiextensions/validation/validation.go.

import type {
  CustomResourceColumnDefinition,
  CustomResourceSubresourceScale,
  SelectableField,
} from 'kubernetes-types/apiextensions/v1'
import { type FieldError, fieldError } from '../../apimachinery/status-error.ts'
import { findField } from '../../schemas/structural/field-path.ts'
import type { JsonSchema } from '../../schemas/structural/json-schema.ts'
import { tooMany } from '../../schemas/structural/validate-value.ts'

const TYPES = ['boolean', 'date', 'integer', 'number', 'string']
const FORMATS = ['byte', 'date', 'date-time', 'double', 'float', 'int32', 'int64', 'password']
const MOST_SELECTABLE = 8

export function columnErrors(
  { name, type, format, jsonPath }: CustomResourceColumnDefinition,
  at: string,
): FieldError[] {
  const errors: FieldError[] = []
  const oneOf = (values: readonly string[]) => `must be one of ${values.join(',')}`
  if (!name) errors.push(fieldError.required(`${at}.name`))
  if (!type) errors.push(fieldError.required(`${at}.type`, oneOf(TYPES)))
  else if (!TYPES.includes(type)) errors.push(fieldError.invalid(`${at}.type`, type, oneOf(TYPES)))
  if (format && !FORMATS.includes(format)) errors.push(fieldError.invalid(`${at}.format`, format, oneOf(FORMATS)))
  if (!jsonPath) errors.push(fieldError.required(`${at}.JSONPath`))
  else errors.push(...pathErrors(jsonPath, `${at}.JSONPath`))
  return errors
}

const pathErrors = (path: string, at: string): FieldError[] =>
  path.startsWith('.') ? [] : [fieldError.invalid(at, path, 'must be a simple json path starting with .')]

export function scaleErrors(scale: CustomResourceSubresourceScale | undefined, at: string): FieldError[] {
  if (!scale) return []
  const under = (field: 'specReplicasPath' | 'statusReplicasPath', root: string) => {
    const path = scale[field]
    if (!path) return [fieldError.required(`${at}.${field}`)]
    const errors = pathErrors(path, `${at}.${field}`)
    if (errors.length > 0 || path.startsWith(`${root}.`)) return errors
    return [fieldError.invalid(`${at}.${field}`, path, `should be a json path under ${root}`)]
  }
  const { labelSelectorPath: selector } = scale
  const isElsewhere = selector && !selector.startsWith('.status.') && !selector.startsWith('.spec.')
  return [
    ...under('specReplicasPath', '.spec'),
    ...under('statusReplicasPath', '.status'),
    ...(selector ? pathErrors(selector, `${at}.labelSelectorPath`) : []),
    ...(isElsewhere && selector.startsWith('.')
      ? [fieldError.invalid(`${at}.labelSelectorPath`, selector, 'should be a json path under either .spec or .status')]
      : []),
  ]
}

export function selectableFieldErrors(
  fields: readonly SelectableField[],
  schema: JsonSchema,
  at: string,
): FieldError[] {
  const errors: FieldError[] = []
  const seen = new Set<string>()
  for (const [index, { jsonPath }] of fields.entries()) {
    const here = `${at}[${index}].jsonPath`
    const refuse = (why: string) => errors.push(fieldError.invalid(here, jsonPath, why))
    if (!jsonPath) {
      errors.push(fieldError.required(here))
      continue
    }
    const found = findField(schema, jsonPath, { allowsBrackets: false })
    if (typeof found === 'string') {
      refuse(`is an invalid path: ${found}`)
      continue
    }
    if (/^metadata(\.|\[|$)/.test(found.path)) refuse('must not point to fields in metadata')
    if (!['string', 'boolean', 'integer'].includes(found.schema.type ?? '')) {
      refuse(
        'must point to a field of type string, boolean or integer. Enum string fields and strings with formats are allowed.',
      )
    }
    if (seen.has(found.path)) errors.push(fieldError.duplicate(here, jsonPath))
    seen.add(found.path)
  }
  if (seen.size > MOST_SELECTABLE) errors.push(tooMany(at, seen.size, MOST_SELECTABLE))
  return errors
}
