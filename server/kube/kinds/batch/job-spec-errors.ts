// What a Job may ask for. Upstream: kubernetes/pkg/apis/batch/validation/validation.go.

import { domainPrefixedPathErrors } from '../../apimachinery/field-checks.ts'
import { type FieldError, fieldError } from '../../apimachinery/status-error.ts'
import { notNegative } from '../int-or-percent.ts'
import { templateErrors } from '../pod-template/pod-validation.ts'
import type { FullJobSpec } from './full-job-spec.ts'
import { failurePolicyErrors } from './pod-failure-policy-errors.ts'
import { successPolicyErrors } from './success-policy-errors.ts'

const MODES = ['NonIndexed', 'Indexed']
const MOST_PARALLEL = 100_000
const REPLACEMENT = ['Failed', 'TerminatingOrFailed']
const LONGEST_MANAGER = 63
/** Of indexes that failed; and what may be asked where there are more of them than the status can tell of one by one. */
const MOST_FAILED = 100_000
const MANY = { completions: 100_000, parallelism: 10_000, maxFailedIndexes: 10_000 }

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
  errors.push(...restartErrors(spec, `${at}.template.spec.restartPolicy`))
  if (spec.podFailurePolicy) errors.push(...failurePolicyErrors(spec, `${at}.podFailurePolicy`))
  if (spec.successPolicy) errors.push(...successPolicyErrors(spec, `${at}.successPolicy`))
  return [...errors, ...replacementErrors(spec, at), ...managerErrors(spec.managedBy, `${at}.managedBy`)]
}

function modeErrors(spec: FullJobSpec, at: string): FieldError[] {
  const errors: FieldError[] = []
  const { completionMode: mode, completions, parallelism = 0, backoffLimitPerIndex, maxFailedIndexes } = spec
  if (maxFailedIndexes !== undefined && backoffLimitPerIndex === undefined) {
    errors.push(fieldError.required(`${at}.backoffLimitPerIndex`, 'when maxFailedIndexes is specified'))
  }
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
    errors.push(...manyErrors(spec, at))
  } else if (mode === undefined || mode === 'NonIndexed') {
    for (const field of ['backoffLimitPerIndex', 'maxFailedIndexes'] as const) {
      const value = spec[field]
      if (value !== undefined)
        errors.push(fieldError.invalid(`${at}.${field}`, value, 'requires indexed completion mode'))
    }
  }
  return errors
}

function manyErrors(spec: FullJobSpec, at: string): FieldError[] {
  const errors: FieldError[] = []
  const { completions = 0, backoffLimitPerIndex, maxFailedIndexes = 0 } = spec
  if (maxFailedIndexes > MOST_FAILED) {
    const why = `must be less than or equal to ${MOST_FAILED}`
    errors.push(fieldError.invalid(`${at}.maxFailedIndexes`, maxFailedIndexes, why))
  }
  if (completions <= MANY.completions || backoffLimitPerIndex === undefined) return errors
  if (spec.maxFailedIndexes === undefined) {
    const why = `must be specified when completions is above ${MANY.completions}`
    errors.push(fieldError.required(`${at}.maxFailedIndexes`, why))
  }
  for (const field of ['parallelism', 'maxFailedIndexes'] as const) {
    const value = spec[field] ?? 0
    if (value <= MANY[field]) continue
    const where = `when completions are above ${MANY.completions} and used with backoff limit per index`
    errors.push(fieldError.invalid(`${at}.${field}`, value, `must be less than or equal to ${MANY[field]} ${where}`))
  }
  return errors
}

/** A Job's pods end, so they are not started again for ever. */
function restartErrors({ template, podFailurePolicy }: FullJobSpec, at: string): FieldError[] {
  const { restartPolicy = '' } = template?.spec ?? {}
  if (restartPolicy === '' || restartPolicy === 'Always') {
    return [fieldError.required(at, 'valid values: "OnFailure", "Never"')]
  }
  if (restartPolicy !== 'OnFailure' && restartPolicy !== 'Never') {
    return [fieldError.notSupported(at, restartPolicy, ['OnFailure', 'Never'])]
  }
  if (!podFailurePolicy || restartPolicy === 'Never') return []
  return [fieldError.invalid(at, restartPolicy, 'only "Never" is supported when podFailurePolicy is specified')]
}

function replacementErrors({ podReplacementPolicy: policy, podFailurePolicy }: FullJobSpec, at: string): FieldError[] {
  if (policy === undefined) return []
  const supported = podFailurePolicy ? ['Failed'] : REPLACEMENT
  return supported.includes(policy) ? [] : [fieldError.notSupported(`${at}.podReplacementPolicy`, policy, supported)]
}

function managerErrors(manager: string | undefined, at: string): FieldError[] {
  if (manager === undefined) return []
  const errors = domainPrefixedPathErrors(at, manager)
  if (manager.length > LONGEST_MANAGER) errors.push(fieldError.tooLong(at, LONGEST_MANAGER))
  return errors
}
