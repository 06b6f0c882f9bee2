// How fast an autoscaler may change its mind. Upstream: kubernetes/pkg/apis/autoscaling/validation/validation.go.

import type { HPAScalingRules } from 'kubernetes-types/autoscaling/v2'
import { quantityErrors } from '../../apimachinery/field-checks.ts'
import { type FieldError, fieldError } from '../../apimachinery/status-error.ts'

/** The package of types does not know it yet. */
type ScalingRules = HPAScalingRules & { tolerance?: string | number }

const SELECT_POLICIES = ['Disabled', 'Max', 'Min']
const POLICY_TYPES = ['Percent', 'Pods']
const LONGEST_WINDOW = 3600
const LONGEST_PERIOD = 1800

export function scalingRulesErrors(rules: ScalingRules | undefined, at: string): FieldError[] {
  if (!rules) return []
  const errors: FieldError[] = []
  const { stabilizationWindowSeconds: window, selectPolicy, policies = [], tolerance } = rules
  if (window !== undefined && window < 0) {
    errors.push(fieldError.invalid(`${at}.stabilizationWindowSeconds`, window, 'must be greater than or equal to zero'))
  }
  if (window !== undefined && window > LONGEST_WINDOW) {
    const why = `must be less than or equal to ${LONGEST_WINDOW}`
    errors.push(fieldError.invalid(`${at}.stabilizationWindowSeconds`, window, why))
  }
  if (selectPolicy !== undefined && !SELECT_POLICIES.includes(selectPolicy)) {
    errors.push(fieldError.notSupported(`${at}.selectPolicy`, selectPolicy, SELECT_POLICIES))
  }
  if (policies.length === 0) errors.push(fieldError.required(`${at}.policies`, 'must specify at least one Policy'))
  for (const [index, { type, value, periodSeconds }] of policies.entries()) {
    const here = `${at}.policies[${index}]`
    if (!POLICY_TYPES.includes(type)) errors.push(fieldError.notSupported(`${here}.type`, type ?? '', POLICY_TYPES))
    if (!(value > 0)) errors.push(fieldError.invalid(`${here}.value`, value ?? 0, 'must be greater than zero'))
    if (!(periodSeconds > 0)) {
      errors.push(fieldError.invalid(`${here}.periodSeconds`, periodSeconds ?? 0, 'must be greater than zero'))
    }
    if (periodSeconds > LONGEST_PERIOD) {
      const why = `must be less than or equal to ${LONGEST_PERIOD}`
      errors.push(fieldError.invalid(`${here}.periodSeconds`, periodSeconds, why))
    }
  }
  return tolerance === undefined ? errors : [...errors, ...quantityErrors(`${at}.tolerance`, String(tolerance))]
}
