// What claims, classes, allocations and devices say in one way: configuration, taints and what tolerates them, conditions
// of a binding. Upstream: pkg/apis/resource/validation/validation.go.

import { oneOf, problemsAt } from '../../apimachinery/field-checks.ts'
import { isJsonObject, type JsonValue } from '../../apimachinery/json.ts'
import { labelKeyProblems, labelValueProblems } from '../../apimachinery/names.ts'
import { type FieldError, fieldError } from '../../apimachinery/status-error.ts'
import { driverNameErrors } from '../storage/csi-names.ts'
import type { Configuration, DeviceTaint, DeviceToleration } from './device-objects.ts'
import { listErrors } from './lists.ts'

export const MOST_CONFIGURATIONS = 32
const LONGEST_PARAMETERS = 10 * 1024
const MOST_BINDING_CONDITIONS = 4
const EFFECTS = ['NoExecute', 'NoSchedule', 'None']

/** What is stored was short enough when it came. */
export function configurationErrors({ opaque }: Configuration, at: string, { isStored = false } = {}): FieldError[] {
  if (!opaque) return [fieldError.required(`${at}.opaque`)]
  return [
    ...driverNameErrors(`${at}.opaque.driver`, opaque.driver),
    ...rawErrors(opaque.parameters, `${at}.opaque.parameters`, { isStored }),
  ]
}

/** An object of somebody else's making. */
export function rawErrors(value: unknown, at: string, { isStored = false } = {}): FieldError[] {
  if (value === undefined || value === null) return [fieldError.required(at)]
  if (!isStored && Buffer.byteLength(JSON.stringify(value)) > LONGEST_PARAMETERS) {
    return [fieldError.tooLong(at, LONGEST_PARAMETERS)]
  }
  return isJsonObject(value as JsonValue)
    ? []
    : [fieldError.invalid(at, '<value omitted>', 'must be a valid JSON object')]
}

export function tolerationErrors(toleration: DeviceToleration, at: string): FieldError[] {
  const { key, operator, value = '', effect } = toleration
  return [
    ...(key ? problemsAt(`${at}.key`, key, labelKeyProblems(key)) : []),
    ...operatorErrors(operator, value, at),
    ...(effect ? oneOf(`${at}.effect`, effect, EFFECTS) : []),
  ]
}

function operatorErrors(operator: string | undefined, value: string, at: string): FieldError[] {
  if (operator === 'Equal') return problemsAt(`${at}.value`, value, labelValueProblems(value))
  if (operator === 'Exists') {
    return value === '' ? [] : [fieldError.invalid(`${at}.value`, value, 'must be empty for operator `Exists`')]
  }
  return operator
    ? [fieldError.notSupported(`${at}.operator`, operator, ['Equal', 'Exists'])]
    : [fieldError.required(`${at}.operator`)]
}

export const taintErrors = ({ key = '', value, effect }: Partial<DeviceTaint>, at: string): FieldError[] => [
  ...problemsAt(`${at}.key`, key, labelKeyProblems(key)),
  ...(value ? problemsAt(`${at}.value`, value, labelValueProblems(value)) : []),
  ...(effect ? oneOf(`${at}.effect`, effect, EFFECTS) : [fieldError.required(`${at}.effect`)]),
]

/** What a binding waits for, and what ends it: both or neither, and never the same. */
export function bindingErrors(
  { bindingConditions: wanted = [], bindingFailureConditions: failing = [] }: BindingConditions,
  at: string,
): FieldError[] {
  const [one, other] = [`${at}.bindingConditions`, `${at}.bindingFailureConditions`]
  const errorsOf = (type: string, here: string) => problemsAt(here, type, labelKeyProblems(type))
  const repeated = (list: readonly string[], field: string) => (type: string, index: number) =>
    list.indexOf(type) < index ? [fieldError.duplicate(`${field}[${index}]`, type)] : []
  const errors = [
    ...listErrors(wanted, one, { most: MOST_BINDING_CONDITIONS, errorsOf }),
    ...listErrors(failing, other, { most: MOST_BINDING_CONDITIONS, errorsOf }),
    ...wanted.flatMap(repeated(wanted, one)),
    ...failing.flatMap((type, index) => [
      ...repeated(failing, other)(type, index),
      ...(wanted.includes(type) ? [fieldError.invalid(`${other}[${index}]`, type, OVERLAP)] : []),
    ]),
  ]
  if (wanted.length === 0 && failing.length > 0) {
    errors.push(fieldError.invalid(one, null, 'bindingConditions are required to use bindingFailureConditions'))
  }
  if (failing.length === 0 && wanted.length > 0) {
    errors.push(fieldError.invalid(other, null, 'bindingFailureConditions are required to use bindingConditions'))
  }
  return errors
}

const OVERLAP = 'bindingFailureConditions must not overlap with bindingConditions'

export interface BindingConditions {
  bindingConditions?: string[]
  bindingFailureConditions?: string[]
}
