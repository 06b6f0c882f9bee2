// Which containers are started again, and after which exit codes. Upstream: pkg/apis/core/validation
// validateContainerRestartPolicy, validateInitContainerRestartPolicy, validateResizePolicy.

import { oneOf } from '../../apimachinery/field-checks.ts'
import { type FieldError, fieldError } from '../../apimachinery/status-error.ts'
import type { Container, RestartRule } from './newer-fields.ts'

const MOST_RULES = 20
const MOST_CODES = 255
const RESOURCES = ['cpu', 'memory']
const POLICIES = ['NotRequired', 'RestartContainer']

export function restartErrors({ restartPolicy, restartPolicyRules: rules = [] }: Container, at: string): FieldError[] {
  const field = `${at}.restartPolicyRules`
  const errors: FieldError[] = []
  if (restartPolicy !== undefined) {
    errors.push(...oneOf(`${at}.restartPolicy`, restartPolicy, ['Always', 'Never', 'OnFailure']))
  } else if (rules.length > 0) {
    const why = 'must specify restartPolicy when restart rules are used'
    errors.push(fieldError.required(`${at}.restartPolicy`, why))
  }
  if (rules.length > MOST_RULES) errors.push(fieldError.tooMany(field, rules.length, MOST_RULES))
  for (const [index, { action, exitCodes }] of rules.entries()) {
    const here = `${field}[${index}]`
    errors.push(...oneOf(`${here}.action`, action, ['Restart', 'RestartAllContainers']))
    if (!exitCodes) {
      errors.push(fieldError.required(`${here}.exitCodes`, 'must be specified'))
      continue
    }
    const { operator, values = [] } = exitCodes
    errors.push(...oneOf(`${here}.exitCodes.operator`, operator, ['In', 'NotIn']))
    if (values.length > MOST_CODES) {
      errors.push(fieldError.tooMany(`${here}.exitCodes.values`, values.length, MOST_CODES))
    }
  }
  return errors
}

/** The first rule that speaks of this exit code. */
export function ruleAfter(
  { restartPolicyRules: rules }: Partial<Container>,
  exitCode: number,
): RestartRule | undefined {
  return rules?.find(({ exitCodes }) => {
    const isListed = exitCodes?.values?.includes(exitCode) ?? false
    return exitCodes?.operator === 'In' ? isListed : exitCodes?.operator === 'NotIn' && !isListed
  })
}

/** What becomes of a container whose resources are changed while it runs. */
export function resizePolicyErrors({ resizePolicy = [] }: Container, at: string, podPolicy?: string): FieldError[] {
  const field = `${at}.resizePolicy`
  const seen = new Set<string>()
  return resizePolicy.flatMap(({ resourceName, restartPolicy }, index) => {
    const errors = seen.has(resourceName) ? [fieldError.duplicate(`${field}[${index}]`, resourceName)] : []
    seen.add(resourceName)
    errors.push(...(resourceName ? oneOf(field, resourceName, RESOURCES) : [fieldError.required(field)]))
    errors.push(...(restartPolicy ? oneOf(field, restartPolicy, POLICIES) : [fieldError.required(field)]))
    if (podPolicy === 'Never' && restartPolicy !== 'NotRequired') {
      const why = "must be 'NotRequired' when pod `restartPolicy` is 'Never'"
      errors.push(fieldError.invalid(field, restartPolicy, why))
    }
    return errors
  })
}
