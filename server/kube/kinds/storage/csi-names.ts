// Names that drivers and classes of storage have. Upstream: pkg/apis/core/validation ValidateCSIDriverName,
// pkg/apis/storage/validation validateProvisioner, validateParameters.

import { problemsAt } from '../../apimachinery/field-checks.ts'
import { dnsSubdomainProblems, labelKeyProblems } from '../../apimachinery/names.ts'
import { type FieldError, fieldError } from '../../apimachinery/status-error.ts'

const MOST_PARAMETERS = 512
const PARAMETERS_LIMIT = 256 * 1024
const LONGEST_DRIVER = 63

export function driverNameErrors(field: string, name: string | undefined): FieldError[] {
  if (!name) return [fieldError.required(field)]
  const errors = name.length > LONGEST_DRIVER ? [fieldError.tooLong(field, LONGEST_DRIVER)] : []
  return [...errors, ...problemsAt(field, name, dnsSubdomainProblems(name.toLowerCase()))]
}

export function provisionerErrors(field: string, name: string | undefined): FieldError[] {
  return name
    ? problemsAt(field, name.toLowerCase(), labelKeyProblems(name.toLowerCase()))
    : [fieldError.required(field)]
}

export function parameterErrors(
  parameters: Record<string, string> | undefined,
  { mayBeEmpty }: { mayBeEmpty: boolean },
): FieldError[] {
  const entries = Object.entries(parameters ?? {})
  if (entries.length > MOST_PARAMETERS) return [fieldError.tooLong('parameters', MOST_PARAMETERS)]
  const errors: FieldError[] = []
  let size = 0
  for (const [key, value] of entries) {
    if (key === '') errors.push(fieldError.invalid('parameters', key, 'field can not be empty.'))
    size += Buffer.byteLength(key) + Buffer.byteLength(value)
  }
  if (size > PARAMETERS_LIMIT) errors.push(fieldError.tooLong('parameters', PARAMETERS_LIMIT))
  if (!mayBeEmpty && entries.length === 0) {
    errors.push(fieldError.required('parameters', 'must contain at least one key/value pair'))
  }
  return errors
}
