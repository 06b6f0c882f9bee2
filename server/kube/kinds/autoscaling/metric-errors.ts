// What an autoscaler may measure. Upstream: kubernetes/pkg/apis/autoscaling/validation/validation.go.

import type {
  MetricSpec,
  MetricTarget,
  CrossVersionObjectReference as Reference,
} from 'kubernetes-types/autoscaling/v2'
import { problemsAt } from '../../apimachinery/field-checks.ts'
import { dnsLabelProblems, pathSegmentProblems } from '../../apimachinery/names.ts'
import { parseQuantity } from '../../apimachinery/quantity.ts'
import { type FieldError, fieldError } from '../../apimachinery/status-error.ts'
import { containerNameErrors } from '../pod-template/resources.ts'

const TYPES = ['ContainerResource', 'External', 'Object', 'Pods', 'Resource']
const SOURCES = ['object', 'external', 'pods', 'resource', 'containerResource'] as const

export function metricErrors(metric: MetricSpec, at: string, versions: Versions): FieldError[] {
  const errors: FieldError[] = []
  const notKnown = TYPES.includes(metric.type) ? [] : [fieldError.notSupported(`${at}.type`, metric.type ?? '', TYPES)]
  if (!metric.type) errors.push(fieldError.required(`${at}.type`, 'must specify a metric source type'))
  errors.push(...notKnown)
  const given = SOURCES.filter((source) => metric[source] !== undefined)
  const [first] = given
  if (first) errors.push(...sourceErrors(metric, first, `${at}.${first}`, versions))
  const expected = SOURCES.find((source) => source === metric.type?.replace(/^./, (letter) => letter.toLowerCase()))
  // Upstream says it once more where it looks for the source.
  errors.push(...notKnown)
  if (expected && !given.includes(expected)) {
    errors.push(fieldError.required(`${at}.${expected}`, 'must populate information for the given metric source'))
  }
  if (given.length !== 1) {
    for (const source of given.filter((other) => other !== expected)) {
      errors.push(fieldError.forbidden(`${at}.${source}`, 'must populate the given metric source only'))
    }
  }
  return errors
}

function sourceErrors(
  metric: MetricSpec,
  source: (typeof SOURCES)[number],
  at: string,
  versions: Versions,
): FieldError[] {
  const target: Partial<MetricTarget> = metric[source]?.target ?? {}
  const errors: FieldError[] = []
  if (source === 'resource' || source === 'containerResource') {
    const name = metric[source]?.name
    if (!name) errors.push(fieldError.required(`${at}.name`, 'must specify a resource name'))
    else if (source === 'containerResource') errors.push(...containerNameErrors(`${at}.name`, name))
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
  if (source === 'object') {
    errors.push(...referenceErrors(metric.object?.describedObject, `${at}.describedObject`, versions))
  }
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

export function referenceErrors(of: Partial<Reference> | undefined, at: string, versions: Versions): FieldError[] {
  const errors = (['kind', 'name'] as const).flatMap((field) => {
    const value = of?.[field]
    return value
      ? problemsAt(`${at}.${field}`, value, pathSegmentProblems(value))
      : [fieldError.required(`${at}.${field}`)]
  })
  const version = of?.apiVersion ?? ''
  return [...errors, ...problemsAt(`${at}.apiVersion`, version, versionProblems(version, versions))]
}

/** Which versions a reference may name: of a group, also of the core group, or whatever it named before. */
export type Versions = 'ofGroup' | 'alsoCore' | 'any'

export function versionProblems(version: string, versions: Versions): string[] {
  if (versions === 'any') return []
  const [group = '', ...more] = version.split('/')
  if (more.length > 1) return [`unexpected GroupVersion string: ${version}`]
  const hasGroup = more.length === 1 && group !== ''
  return hasGroup || versions === 'alsoCore' ? [] : ['apiVersion must specify API group']
}
