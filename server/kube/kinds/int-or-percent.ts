// What must be a number of things, or a percentage of them. Upstream: kubernetes/pkg/apis/apps/validation ValidatePositiveIntOrPercent.

import { type IntOrString, scaledValue } from '../apimachinery/int-or-string.ts'
import { type FieldError, fieldError } from '../apimachinery/status-error.ts'

const PERCENT =
  "a valid percent string must be a numeric string followed by an ending '%' (e.g. '1%',  or '93%', regex used for validation is '[0-9]+%')"

export const notNegative = (field: string, value: number | undefined): FieldError[] =>
  value !== undefined && value < 0 ? [fieldError.invalid(field, value, 'must be greater than or equal to 0')] : []

export function amountErrors(field: string, value: IntOrString): FieldError[] {
  if (typeof value === 'number') return notNegative(field, value)
  return /^[0-9]+%$/.test(value) ? [] : [fieldError.invalid(field, value, PERCENT)]
}

export function atMostAll(field: string, value: IntOrString): FieldError[] {
  const percent = typeof value === 'string' ? scaledValue(value, { total: 100, roundUp: false }) : 0
  return (percent ?? 0) > 100 ? [fieldError.invalid(field, value, 'must not be greater than 100%')] : []
}

export const isZero = (value: IntOrString | undefined) => value === undefined || /^0+%?$/.test(String(value))
