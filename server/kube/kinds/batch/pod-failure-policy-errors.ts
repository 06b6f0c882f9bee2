// Which failures count, which do not, and which end a Job. Upstream: batch/validation validatePodFailurePolicy.

import type { PodFailurePolicyRule } from 'kubernetes-types/batch/v1'
import { problemsAt } from '../../apimachinery/field-checks.ts'
import { labelKeyProblems } from '../../apimachinery/names.ts'
import { type FieldError, fieldError } from '../../apimachinery/status-error.ts'
import type { FullJobSpec } from './full-job-spec.ts'

const ACTIONS = ['Count', 'FailIndex', 'FailJob', 'Ignore']
const OPERATORS = ['In', 'NotIn']
const STATUSES = ['False', 'True', 'Unknown']
const MOST_RULES = 20
const MOST_VALUES = 255
const MOST_PATTERNS = 20

export function failurePolicyErrors(spec: FullJobSpec, at: string): FieldError[] {
  const rules = spec.podFailurePolicy?.rules ?? []
  const { containers = [], initContainers = [] } = spec.template?.spec ?? {}
  const names = new Set([...containers, ...initContainers].map(({ name }) => name))
  const errors = rules.flatMap((rule, index) => ruleErrors(rule, `${at}.rules[${index}]`, { spec, names }))
  if (rules.length > MOST_RULES) errors.unshift(tooMany(`${at}.rules`, rules.length, MOST_RULES))
  return errors
}

function ruleErrors(
  rule: PodFailurePolicyRule,
  at: string,
  { spec, names }: { spec: FullJobSpec; names: ReadonlySet<string> },
): FieldError[] {
  const errors: FieldError[] = []
  const { action, onExitCodes: codes, onPodConditions: patterns = [] } = rule
  if (!action) errors.push(fieldError.required(`${at}.action`, `valid values: ${listed(ACTIONS)}`))
  else if (!ACTIONS.includes(action)) errors.push(fieldError.notSupported(`${at}.action`, action, ACTIONS))
  else if (action === 'FailIndex' && spec.backoffLimitPerIndex === undefined) {
    errors.push(fieldError.invalid(`${at}.action`, action, 'requires the backoffLimitPerIndex to be set'))
  }
  if (codes) errors.push(...exitCodeErrors(codes, `${at}.onExitCodes`, names))
  if (patterns.length > MOST_PATTERNS) errors.push(tooMany(`${at}.onPodConditions`, patterns.length, MOST_PATTERNS))
  for (const [index, { type = '', status }] of patterns.entries()) {
    const here = `${at}.onPodConditions[${index}]`
    errors.push(...problemsAt(`${here}.type`, type, labelKeyProblems(type)))
    if (!STATUSES.includes(status)) errors.push(fieldError.notSupported(`${here}.status`, status, STATUSES))
  }
  if (codes && patterns.length > 0) {
    errors.push(invalidRule(at, 'specifying both OnExitCodes and OnPodConditions is not supported'))
  }
  if (!codes && patterns.length === 0) {
    errors.push(invalidRule(at, 'specifying one of OnExitCodes and OnPodConditions is required'))
  }
  return errors
}

function exitCodeErrors(
  { operator, values: told, containerName }: Partial<NonNullable<PodFailurePolicyRule['onExitCodes']>>,
  at: string,
  names: ReadonlySet<string>,
): FieldError[] {
  const errors: FieldError[] = []
  const values = told ?? []
  if (!operator) errors.push(fieldError.required(`${at}.operator`, `valid values: ${listed(OPERATORS)}`))
  else if (!OPERATORS.includes(operator)) errors.push(fieldError.notSupported(`${at}.operator`, operator, OPERATORS))
  if (containerName !== undefined && !names.has(containerName)) {
    const why = 'must be one of the container or initContainer names in the pod template'
    errors.push(fieldError.invalid(`${at}.containerName`, containerName, why))
  }
  if (values.length === 0)
    errors.push(fieldError.invalid(`${at}.values`, told ?? null, 'at least one value is required'))
  if (values.length > MOST_VALUES) errors.push(tooMany(`${at}.values`, values.length, MOST_VALUES))
  const seen = new Set<number>()
  for (const [index, value] of values.entries()) {
    if (operator === 'In' && value === 0) {
      errors.push(fieldError.invalid(`${at}.values[${index}]`, value, 'must not be 0 for the In operator'))
    }
    if (seen.has(value)) errors.push(fieldError.duplicate(`${at}.values[${index}]`, value))
    seen.add(value)
  }
  if (values.some((value, index) => index > 0 && value < (values[index - 1] ?? 0))) {
    errors.push(fieldError.invalid(`${at}.values`, values, 'must be ordered'))
  }
  return errors
}

/** As Go writes a list. */
const listed = (values: readonly string[]) => `[${values.map((value) => JSON.stringify(value)).join(' ')}]`

/** Upstream shows nothing of it. */
const invalidRule = (field: string, why: string): FieldError => ({
  reason: 'FieldValueInvalid',
  field,
  message: `Invalid value: ${why}`,
})

const tooMany = (field: string, count: number, most: number): FieldError => ({
  reason: 'FieldValueTooMany',
  field,
  message: `Too many: ${count}: must have at most ${most} items`,
})
