// What an autoscaler may measure. Upstream: kubernetes/pkg/apis/autoscaling/validation/validation.go.

import type { HPAScalingRules, MetricSpec, MetricTarget } from 'kubernetes-types/autoscaling/v2'
import { dnsLabelProblems, pathSegmentProblems } from '../../apimachinery/names.ts'
import { parseQuantity } from '../../apimachinery/quantity.ts'
import { type FieldError, fieldError } from '../../apimachinery/status-error.ts'

const TYPES = ['ContainerResource', 'External', 'Object', 'Pods', 'Resource']
const SOURCES = ['object', 'external', 'pods', 'resource', 'containerResource'] as const

export function metricErrors(metric: MetricSpec, at: string): FieldError[] {
  const errors: FieldError[] = []
  if (!metric.type) errors.push(fieldError.required(`${at}.type`, 'must specify a metric source type'))
  if (!TYPES.includes(metric.type)) errors.push(fieldError.notSupported(`${at}.type`, metric.type ?? '', TYPES))
  const given = SOURCES.filter((source) => metric[source] !== undefined)
  const [first] = given
  if (first) errors.push(...sourceErrors(metric, first, `${at}.${first}`))
  const expected = metric.type ? metric.type[0]?.toLowerCase() + metric.type.slice(1) : ''
  if (!given.some((source) => source === expected)) {
    errors.push(fieldError.required(`${at}.${expected}`, 'must populate information for the given metric source'))
  }
  if (given.length !== 1) {
    for (const source of given.filter((other) => other !== expected)) {
      errors.push(fieldError.forbidden(`${at}.${source}`, 'must populate the given metric source only'))
    }
  }
  return errors
}

function sourceErrors(metric: MetricSpec, source: (typeof SOURCES)[number], at: string): FieldError[] {
  const target: Partial<MetricTarget> = metric[source]?.target ?? {}
  const errors: FieldError[] = []
  if (source === 'resource' || source === 'containerResource') {
    if (!metric[source]?.name) errors.push(fieldError.required(`${at}.name`, 'must specify a resource name'))
    if (source === 'containerResource') errors.push(...containerErrors(metric.containerResource?.container, at))
    errors.push(...targetErrors(target, `${at}.target`))
    const { averageUtilization, averageValue } = target
    if (averageUtilization === undefined && averageValue === undefined) {
      const why = 'must set either a target raw value or a target utilization'
      errors.push(fieldError.required(`${at}.target.averageUtilization`, why))
    }
    if (averageUtilization !== undefined && averageValue !== undefined) {
      const why = 'may not set both a target raw value and a target utilization'
      errors.push(fieldError.forbidden(`${at}.target.averageValue`, why))
    }
    return errors
  }
  const { name } = metric[source]?.metric ?? {}
  if (source === 'object') errors.push(...referenceErrors(metric.object?.describedObject, `${at}.describedObject`))
  if (!name) errors.push(fieldError.required(`${at}.metric.name`, 'must specify a metric name'))
  for (const problem of name ? pathSegmentProblems(name) : []) {
    errors.push(fieldError.invalid(`${at}.metric.name`, name, problem))
  }
  errors.push(...targetErrors(target, `${at}.target`))
  const isUnset = target.value === undefined && target.averageValue === undefined
  if (source === 'pods' && target.averageValue === undefined) {
    errors.push(fieldError.required(`${at}.target.averageValue`, 'must specify a positive target averageValue'))
  }
  if (source === 'object' && isUnset) {
    errors.push(fieldError.required(`${at}.target.averageValue`, 'must set either a target value or averageValue'))
  }
  if (source === 'external') {
    if (isUnset) {
      const why = 'must set either a target value for metric or a per-pod target'
      errors.push(fieldError.required(`${at}.target.averageValue`, why))
    }
    if (target.value !== undefined && target.averageValue !== undefined) {
      const why = 'may not set both a target value for metric and a per-pod target'
      errors.push(fieldError.forbidden(`${at}.target.value`, why))
    }
  }
  return errors
}

function containerErrors(container: string | undefined, at: string): FieldError[] {
  if (!container) return [fieldError.required(`${at}.container`, 'must specify a container')]
  return dnsLabelProblems(container).map((problem) => fieldError.invalid(`${at}.container`, container, problem))
}

function targetErrors({ type, value, averageValue, averageUtilization }: Partial<MetricTarget>, at: string) {
  const errors: FieldError[] = []
  if (!type) errors.push(fieldError.required(`${at}.type`, 'must specify a metric target type'))
  if (type !== 'Utilization' && type !== 'Value' && type !== 'AverageValue') {
    errors.push(fieldError.invalid(`${at}.type`, type ?? '', 'must be either Utilization, Value, or AverageValue'))
  }
  for (const [field, amount] of Object.entries({ value, averageValue })) {
    if (amount !== undefined && (parseQuantity(amount)?.nanos ?? 0n) <= 0n) {
      errors.push(fieldError.invalid(`${at}.${field}`, amount, 'must be positive'))
    }
  }
  if (averageUtilization !== undefined && averageUtilization < 1) {
    errors.push(fieldError.invalid(`${at}.averageUtilization`, averageUtilization, 'must be greater than 0'))
  }
  return errors
}

export function referenceErrors(of: { kind?: string; name?: string } | undefined, at: string): FieldError[] {
  return (['kind', 'name'] as const).flatMap((field) => {
    const value = of?.[field]
    if (!value) return [fieldError.required(`${at}.${field}`)]
    return pathSegmentProblems(value).map((problem) => fieldError.invalid(`${at}.${field}`, value, problem))
  })
}

const SELECT_POLICIES = ['Disabled', 'Max', 'Min']
const POLICY_TYPES = ['Percent', 'Pods']
const LONGEST_WINDOW = 3600
const LONGEST_PERIOD = 1800

export function scalingRulesErrors(rules: HPAScalingRules | undefined, at: string): FieldError[] {
  if (!rules) return []
  const errors: FieldError[] = []
  const { stabilizationWindowSeconds: window, selectPolicy, policies = [] } = rules
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
  return errors
}
