// Conditions of flow schemas and priority levels: of a type each, and of no two one. Upstream: pkg/apis/flowcontrol/validation.

import { repetition } from '../../apimachinery/field-checks.ts'
import { type FieldError, fieldError } from '../../apimachinery/status-error.ts'

export function conditionsErrors(conditions: readonly { type?: string }[] | undefined): FieldError[] {
  const isRepeated = repetition()
  return (conditions ?? []).flatMap(({ type = '' }, index) => {
    const field = `status.conditions[${index}].type`
    return [
      ...(isRepeated(type) ? [fieldError.duplicate(field, type)] : []),
      ...(type ? [] : [fieldError.required(field)]),
    ]
  })
}
