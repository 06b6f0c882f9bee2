// What is said once, when the object is made. Upstream: apimachinery/pkg/api/validation ValidateImmutableField.

import { deepEqual } from '../apimachinery/deep.ts'
import { type FieldError, fieldError } from '../apimachinery/status-error.ts'

export function immutableErrors<T extends object>(
  next: T | undefined,
  previous: T | undefined,
  at: string,
  fields: readonly (keyof T & string)[],
): FieldError[] {
  return fields
    .filter((field) => !deepEqual(next?.[field], previous?.[field]))
    .map((field) => fieldError.invalid(`${at}${field}`, next?.[field] ?? null, 'field is immutable'))
}
