// What conditions of a status may say, where they have the form that all newer kinds share.
// Upstream: apimachinery/pkg/apis/meta/v1/validation ValidateConditions.

import type { Condition } from 'kubernetes-types/meta/v1'
import { oneOf, problemsAt, repetition } from './field-checks.ts'
import { labelKeyProblems } from './names.ts'
import { type FieldError, fieldError } from './status-error.ts'

const STATUSES = ['False', 'True', 'Unknown']
const LONGEST_REASON = 1024
const LONGEST_MESSAGE = 32 * 1024
const REASON = /^[A-Za-z]([A-Za-z0-9_,:]*[A-Za-z0-9_])?$/
const NO_REASON =
  "a condition reason must start with alphabetic character, optionally followed by a string of alphanumeric characters or '_,:', " +
  "and must end with an alphanumeric character or '_' (e.g. 'my_name',  or 'MY_NAME',  or 'MyName',  or 'ReasonA,ReasonB',  or " +
  "'ReasonA:ReasonB', regex used for validation is '[A-Za-z]([A-Za-z0-9_,:]*[A-Za-z0-9_])?')"

export function conditionsErrors(conditions: readonly Partial<Condition>[] | undefined, at: string): FieldError[] {
  const isRepeated = repetition()
  return (conditions ?? []).flatMap((condition, index) => {
    const errors = isRepeated(condition.type ?? '')
      ? [fieldError.duplicate(`${at}[${index}].type`, condition.type ?? '')]
      : []
    return [...errors, ...conditionErrors(condition, `${at}[${index}]`)]
  })
}

function conditionErrors(condition: Partial<Condition>, at: string): FieldError[] {
  const { type = '', status, observedGeneration = 0, lastTransitionTime, reason = '', message = '' } = condition
  const errors = [...problemsAt(`${at}.type`, type, labelKeyProblems(type)), ...oneOf(`${at}.status`, status, STATUSES)]
  if (observedGeneration < 0) {
    const why = 'must be greater than or equal to zero'
    errors.push(fieldError.invalid(`${at}.observedGeneration`, observedGeneration, why))
  }
  if (!lastTransitionTime) errors.push(fieldError.required(`${at}.lastTransitionTime`))
  if (reason === '') errors.push(fieldError.required(`${at}.reason`))
  else if (!REASON.test(reason)) errors.push(fieldError.invalid(`${at}.reason`, reason, NO_REASON))
  if (reason.length > LONGEST_REASON) errors.push(fieldError.tooLong(`${at}.reason`, LONGEST_REASON))
  if (message.length > LONGEST_MESSAGE) errors.push(fieldError.tooLong(`${at}.message`, LONGEST_MESSAGE))
  return errors
}
