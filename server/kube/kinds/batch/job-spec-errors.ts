// What a Job may ask for. Upstream: kubernetes/pkg/apis/batch/validation/validation.go.

import { type FieldError, fieldError } from '../../apimachinery/status-error.ts'
import { notNegative } from '../int-or-percent.ts'
import { templateErrors } from '../pod-template/pod-validation.ts'
import type { FullJobSpec } from './full-job-spec.ts'
import { failurePolicyErrors } from './pod-failure-policy-errors.ts'
import { successPolicyErrors } from './success-policy-errors.ts'

const MODES = ['Indexed', 'NonIndexed']
const MOST_PARALLEL = 100_000
const REPLACEMENT = ['Failed', 'TerminatingOrFailed']
const LONGEST_MANAGER = 63

export function jobSpecErrors(spec: FullJobSpec, at: string): FieldError[] {
  const errors: FieldError[] = []
  for (const field of [
    'parallelism',
    'completions',
    'activeDeadlineSeconds',
    'backoffLimit',
    'ttlSecondsAfterFinished',
    'backoffLimitPerIndex',
    'maxFailedIndexes',
  ] as const) {
    errors.push(...notNegative(`${at}.${field}`, spec[field]))
  }
  errors.push(...modeErrors(spec, at), ...templateErrors(spec.template, `${at}.template`))
  const { restartPolicy } = spec.template?.spec ?? {}
  const where = `${at}.template.spec.restartPolicy`
  if (!restartPolicy || restartPolicy === 'Always') {
    errors.push(fieldError.required(where, 'valid values: "OnFailure", "Never"'))
  } else if (spec.podFailurePolicy && restartPolicy !== 'Never') {
    errors.push(
      fieldError.invalid(where, restartPolicy, 'only "Never" is supported when podFailurePolicy is specified'),
    )
  }
  if (spec.podFailurePolicy) errors.push(...failurePolicyErrors(spec, `${at}.podFailurePolicy`))
  if (spec.successPolicy) errors.push(...successPolicyErrors(spec, `${at}.successPolicy`))
  return [...errors, ...replacementErrors(spec, at), ...managerErrors(spec.managedBy, `${at}.managedBy`)]
}

function modeErrors(spec: FullJobSpec, at: string): FieldError[] {
  const errors: FieldError[] = []
  const { completionMode: mode, completions, parallelism = 0, backoffLimitPerIndex, maxFailedIndexes } = spec
  if (mode !== undefined && !MODES.includes(mode)) {
    errors.push(fieldError.notSupported(`${at}.completionMode`, mode, MODES))
  }
  if (mode === 'Indexed') {
    if (completions === undefined) {
      errors.push(fieldError.required(`${at}.completions`, 'when completion mode is Indexed'))
    }
    if (parallelism > MOST_PARALLEL) {
      const why = `must be less than or equal to ${MOST_PARALLEL} when completion mode is Indexed`
      errors.push(fieldError.invalid(`${at}.parallelism`, parallelism, why))
    }
    if (maxFailedIndexes !== undefined && completions !== undefined && maxFailedIndexes > completions) {
      errors.push(
        fieldError.invalid(`${at}.maxFailedIndexes`, maxFailedIndexes, 'must be less than or equal to completions'),
      )
    }
  } else if (backoffLimitPerIndex !== undefined) {
    errors.push(
      fieldError.invalid(`${at}.backoffLimitPerIndex`, backoffLimitPerIndex, 'requires indexed completion mode'),
    )
  }
  if (maxFailedIndexes !== undefined && backoffLimitPerIndex === undefined) {
    errors.push(fieldError.required(`${at}.backoffLimitPerIndex`, 'when maxFailedIndexes is specified'))
  }
  return errors
}

function replacementErrors({ podReplacementPolicy: policy, podFailurePolicy }: FullJobSpec, at: string): FieldError[] {
  if (policy === undefined) return []
  const supported = podFailurePolicy ? ['Failed'] : REPLACEMENT
  return supported.includes(policy) ? [] : [fieldError.notSupported(`${at}.podReplacementPolicy`, policy, supported)]
}

function managerErrors(manager: string | undefined, at: string): FieldError[] {
  if (manager === undefined) return []
  const errors: FieldError[] = []
  const [domain = '', ...path] = manager.split('/')
  if (path.length === 0 || domain === '' || path.join('/') === '') {
    errors.push(fieldError.invalid(at, manager, 'must be a domain-prefixed path (such as "acme.io/foo")'))
  }
  if (manager.length > LONGEST_MANAGER) errors.push(fieldError.tooLong(at, LONGEST_MANAGER))
  return errors
}
