// Conditions of flow schemas and priority levels: of a type each, and of no two one. Upstream: pkg/apis/flowcontrol/validation.

import { duplicatesAt } from '../../apimachinery/field-checks.ts'
import { type FieldError, fieldError } from '../../apimachinery/status-error.ts'

export function conditionsErrors(conditions: readonly { type?: string }[] | undefined): FieldError[] {
  const types = (conditions ?? []).map(({ type = '' }) => type)
  const field = (index: number) => `status.conditions[${index}].type`
  return [
    ...duplicatesAt(field, types),
    ...types.flatMap((type, index) => (type ? [] : [fieldError.required(field(index), 'must not be empty')])),
  ]
}
