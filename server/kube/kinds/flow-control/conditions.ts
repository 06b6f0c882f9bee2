// Conditions of flow schemas and priority levels: of a type each, and of no two one. Upstream: pkg/apis/flowcontrol/validation.

import { type FieldError, fieldError } from '../../apimachinery/status-error.ts'

export function conditionsErrors(conditions: readonly { type?: string }[] | undefined): FieldError[] {
  return (conditions ?? []).flatMap(({ type = '' }, index, all) => {
    const field = `status.conditions[${index}].type`
    const isTold = all.slice(0, index).some((other) => (other.type ?? '') === type)
    return [
      ...(isTold ? [fieldError.duplicate(field, type)] : []),
      ...(type ? [] : [fieldError.required(field, 'must not be empty')]),
    ]
  })
}
