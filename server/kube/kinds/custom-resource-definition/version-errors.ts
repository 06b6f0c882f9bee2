// What one version says, or all of them alike. Upstream: apiextensions/validation/validation.go
// validateCustomResourceDefinitionVersion.

import type { CustomResourceDefinitionVersion as Version } from 'kubernetes-types/apiextensions/v1'
import { type FieldError, fieldError } from '../../apimachinery/status-error.ts'
import type { JsonSchema } from '../../schemas/structural/json-schema.ts'
import { schemaErrors } from './schema-errors.ts'
import { columnErrors, scaleErrors, selectableFieldErrors } from './served-errors.ts'

type Part = Partial<Pick<Version, 'schema' | 'subresources' | 'additionalPrinterColumns' | 'selectableFields'>>

interface PartPlace {
  at: string
  /** What the schema is called there, and what is said of selectable fields where there is none. */
  schemaField: 'schema' | 'validation'
  hasStatus: boolean
  isUnchanged: boolean
}

const NO_SCHEMA = {
  schema: 'may only be set when `version.schema.openAPIV3Schema` is not included',
  validation: 'may only be set when validations.schema is included',
}

export function partErrors(part: Part, { at, schemaField, hasStatus, isUnchanged }: PartPlace): FieldError[] {
  const { subresources, additionalPrinterColumns = [], selectableFields = [] } = part
  const schema = part.schema?.openAPIV3Schema as JsonSchema | undefined
  const fields = `${at}.selectableFields`
  return [
    ...(schema ? schemaErrors(schema, `${at}.${schemaField}.openAPIV3Schema`, { hasStatus, isUnchanged }) : []),
    ...scaleErrors(subresources?.scale, `${at}.subresources.scale`),
    ...additionalPrinterColumns.flatMap((column, index) =>
      columnErrors(column, `${at}.additionalPrinterColumns[${index}]`),
    ),
    ...(selectableFields.length === 0
      ? []
      : schema
        ? selectableFieldErrors(selectableFields, schema, fields)
        : [fieldError.invalid(fields, '', NO_SCHEMA[schemaField])]),
  ]
}

const UNPRINTABLE = /[^\p{L}\p{M}\p{N}\p{P}\p{S} ]/u

export function deprecationErrors({ deprecated, deprecationWarning: text }: Version, at: string): FieldError[] {
  if (text === undefined) return []
  const field = `${at}.deprecationWarning`
  if (!deprecated) return [fieldError.invalid(field, text, 'can only be set for deprecated versions')]
  const [unprintable] = UNPRINTABLE.exec(text) ?? []
  const problems = [
    ...(Buffer.byteLength(text) > 256 ? ['must be <= 256 characters long'] : []),
    ...(text === '' ? ['must not be an empty string'] : []),
    ...(unprintable === undefined
      ? []
      : [
          `must only contain printable UTF-8 characters; non-printable character found at index ${Buffer.byteLength(text.slice(0, text.indexOf(unprintable)))}`,
        ]),
  ]
  return problems.map((problem) => fieldError.invalid(field, text, problem))
}
