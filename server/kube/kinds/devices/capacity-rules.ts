// How much of a device's capacity one may ask for, where several may have it.
// Upstream: pkg/apis/resource/validation validateRequestPolicy.

import { Quantity, quantityOf } from '../../apimachinery/quantity.ts'
import { type FieldError, fieldError } from '../../apimachinery/status-error.ts'
import type { Capacity, RequestPolicy } from './device-objects.ts'
import { setErrors } from './lists.ts'

const MOST_VALUES = 10

export function capacityErrors(
  { value, requestPolicy: policy }: Capacity,
  at: string,
  { isShared }: { isShared: boolean },
): FieldError[] {
  if (!policy) return []
  const here = `${at}.requestPolicy`
  if (!isShared) return [fieldError.forbidden(here, 'allowMultipleAllocations must be true')]
  const most = quantityOf(value)
  const { validValues = [], validRange } = policy
  if (validValues.length > 0 && validRange) {
    const why = 'exactly one policy can be specified, cannot specify "validValues" and "validRange" at the same time'
    return [fieldError.forbidden(here, why)]
  }
  if (validValues.length > 0) return valuesErrors(policy, most, here)
  return validRange ? rangeErrors(policy, most, here) : []
}

function valuesErrors({ default: asked, validValues = [] }: RequestPolicy, most: Quantity, at: string): FieldError[] {
  if (asked === undefined) return [fieldError.required(`${at}.default`, 'required when validValues is defined')]
  const field = `${at}.validValues`
  const values = validValues.map(quantityOf)
  const errors: FieldError[] = []
  for (const [index, one] of values.entries()) {
    const before = values[index - 1]
    if (before && before.compare(one) > 0) {
      errors.push(fieldError.invalid(`${field}[${index}]`, one.toString(), 'values must be sorted in ascending order'))
    }
  }
  errors.push(
    ...setErrors(values, field, {
      most: MOST_VALUES,
      keyOf: (one) => String(wholeOf(one)),
      errorsOf: (one, here) =>
        one.compare(most) > 0
          ? [fieldError.invalid(here, one.toString(), `option is larger than capacity value: ${most}`)]
          : [],
    }),
  )
  const wanted = quantityOf(asked)
  if (values.length <= MOST_VALUES && values.some((one) => one.compare(wanted) === 0)) return errors
  const why = 'default value is not valid according to the requestPolicy'
  return [...errors, fieldError.invalid(field, wanted.toString(), why)]
}

function rangeErrors({ default: asked, validRange }: RequestPolicy, most: Quantity, at: string): FieldError[] {
  if (asked === undefined) return [fieldError.required(`${at}.default`, 'required when validRange is defined')]
  const field = `${at}.validRange`
  const { min, max, step } = validRange ?? {}
  if (min === undefined) return [fieldError.required(`${field}.min`, 'required when validRange is defined')]
  const wanted = quantityOf(asked)
  const least = quantityOf(min)
  const greatest = max === undefined ? undefined : quantityOf(max)
  const errors: FieldError[] = []
  const refuse = (where: string, value: Quantity, why: string) =>
    errors.push(fieldError.invalid(`${field}.${where}`, value.toString(), why))
  if (least.compare(most) > 0) refuse('min', least, `min is larger than capacity value: ${most}`)
  if (wanted.compare(least) < 0) refuse('default', wanted, `default is less than min: ${least}`)
  if (greatest) {
    if (least.compare(greatest) > 0) refuse('max', least, `min is larger than max: ${greatest}`)
    if (greatest.compare(most) > 0) refuse('max', greatest, `max is larger than capacity value: ${most}`)
    if (wanted.compare(greatest) > 0) refuse('default', wanted, `default is more than max: ${greatest}`)
  }
  return step === undefined
    ? errors
    : [
        ...errors,
        ...stepErrors(quantityOf(step), { values: greatest ? [wanted, greatest] : [wanted], least, most }, field),
      ]
}

function stepErrors(
  step: Quantity,
  { values, least, most }: { values: readonly Quantity[]; least: Quantity; most: Quantity },
  at: string,
): FieldError[] {
  const field = `${at}.step`
  if (step.nanos <= 0n) return [fieldError.invalid(field, step.toString(), 'must be greater than zero')]
  const added = new Quantity(least.nanos + step.nanos, least.form)
  const errors: FieldError[] = []
  if (added.compare(most) > 0) {
    const why = `one step ${added} is larger than capacity value: ${most}`
    errors.push(fieldError.invalid(field, step.toString(), why))
  }
  const off = values.filter((value) => (wholeOf(value) - wholeOf(least)) % wholeOf(step) !== 0n)
  return [
    ...errors,
    ...off.map((value) =>
      fieldError.invalid(field, value.toString(), `value is not a multiple of a given step (${step}) from (${least})`),
    ),
  ]
}

const ONE = 1_000_000_000n
/** Parts of one count as one. */
export const wholeOf = ({ nanos }: Quantity): bigint => (nanos + ONE - 1n) / ONE
