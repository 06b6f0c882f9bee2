// What whoever runs a Job may tell of it; since `managedBy` that may be anybody. Most is judged only when it changes, so
// that a status which has become wrong by a change of the spec can be mended step by step.
// Upstream: kubernetes/pkg/apis/batch/validation ValidateJobUpdateStatus, pkg/registry/batch/job getStatusValidationOptions.

import type { Job, JobStatus } from 'kubernetes-types/batch/v1'
import { deepEqual } from '../../apimachinery/deep.ts'
import { type FieldError, fieldError } from '../../apimachinery/status-error.ts'
import { notNegative } from '../int-or-percent.ts'
import type { FullJobSpec } from './full-job-spec.ts'
import { parseIndexes } from './indexes.ts'

type Condition = 'Complete' | 'Failed' | 'FailureTarget' | 'SuccessCriteriaMet'

const hasCondition = (status: JobStatus, type: string, value: 'True' | 'False'): boolean =>
  status.conditions?.some((condition) => condition.type === type && condition.status === value) ?? false
const is = (status: JobStatus, type: Condition): boolean => hasCondition(status, type, 'True')
const isFinished = (status: JobStatus) => is(status, 'Complete') || is(status, 'Failed')

/** Upstream leaves out the conditions themselves. */
const conditionsError = (why: string): FieldError => ({
  reason: 'FieldValueInvalid',
  field: 'status.conditions',
  message: `Invalid value: ${why}`,
})

export function jobStatusErrors(job: Job, previous: Job): FieldError[] {
  const [now, before] = [job.status ?? {}, previous.status ?? {}]
  const spec = (job.spec ?? {}) as FullJobSpec
  const changed = (...fields: (keyof JobStatus)[]) =>
    fields.some((field) => !deepEqual(now[field] ?? 0, before[field] ?? 0))
  const turned = (...types: Condition[]) => types.some((type) => is(now, type) !== is(before, type))
  const told: Told = { now, before, spec, changed, turned, finished: isFinished(now) !== isFinished(before) }
  return [
    ...(['active', 'succeeded', 'failed', 'ready', 'terminating'] as const).flatMap((field) =>
      notNegative(`status.${field}`, now[field]),
    ),
    ...conditionErrors(told),
    ...timeErrors(told),
    ...countErrors(told),
    ...indexErrors(told),
  ]
}

interface Told {
  now: JobStatus
  before: JobStatus
  spec: FullJobSpec
  changed(...fields: (keyof JobStatus)[]): boolean
  turned(...types: Condition[]): boolean
  /** Whether it is finished, has changed. */
  finished: boolean
}

function conditionErrors({ now, before, spec, turned }: Told): FieldError[] {
  const has = (type: Condition) => is(now, type)
  const rules: [boolean, string][] = [
    [
      turned('Complete', 'Failed') && has('Complete') && has('Failed'),
      'cannot set Complete=True and Failed=true conditions',
    ],
    [
      turned('Complete', 'FailureTarget') && has('Complete') && has('FailureTarget'),
      'cannot set Complete=True and FailureTarget=true conditions',
    ],
    [
      turned('Failed', 'FailureTarget') && has('Failed') && !has('FailureTarget'),
      'cannot set Failed=True condition without the FailureTarget=true condition',
    ],
    [
      turned('Complete', 'SuccessCriteriaMet') && has('Complete') && !has('SuccessCriteriaMet'),
      'cannot set Complete=True condition without the SuccessCriteriaMet=true condition',
    ],
    [has('SuccessCriteriaMet') && has('Failed'), 'cannot set SuccessCriteriaMet=True and Failed=true conditions'],
    [
      has('SuccessCriteriaMet') && has('FailureTarget'),
      'cannot set SuccessCriteriaMet=True and FailureTarget=true conditions',
    ],
    [
      spec.successPolicy !== undefined && !has('SuccessCriteriaMet') && has('Complete'),
      'cannot set Complete=True for Job with SuccessPolicy unless SuccessCriteriaMet=True',
    ],
    ...(['Failed', 'Complete', 'FailureTarget'] as const).map((type): [boolean, string] => [
      is(before, type) && !has(type),
      `cannot disable the terminal ${type}=True condition`,
    ]),
    [
      is(before, 'SuccessCriteriaMet') && !has('SuccessCriteriaMet'),
      'cannot disable the SuccessCriteriaMet=True condition',
    ],
    [
      is(before, 'Complete') && !is(before, 'SuccessCriteriaMet') && has('SuccessCriteriaMet'),
      'cannot set SuccessCriteriaMet=True for Job already has Complete=true conditions',
    ],
  ]
  return rules.filter(([isWrong]) => isWrong).map(([, why]) => conditionsError(why))
}

function timeErrors({ now, before, spec, changed, turned, finished }: Told): FieldError[] {
  const { startTime: start, completionTime: end } = now
  const errors: FieldError[] = []
  const wrongEnd = (why: string) => errors.push(fieldError.invalid('status.completionTime', end, why))
  if (turned('Complete') || changed('completionTime')) {
    if (end && !is(now, 'Complete')) wrongEnd('cannot set completionTime when there is no Complete=True condition')
    if (!end && is(now, 'Complete')) {
      errors.push(fieldError.required('status.completionTime', 'completionTime is required for Complete jobs'))
    }
  }
  if (changed('startTime', 'completionTime') && start && end && Date.parse(end) < Date.parse(start)) {
    wrongEnd('must be equal to or after `startTime`')
  }
  // Of a Job that wants no pods nothing ever begins, suspended as it is.
  const isNothing = spec.suspend === true && spec.completions === 0
  if ((finished || changed('startTime')) && !start && isFinished(now) && !isNothing) {
    errors.push(fieldError.required('status.startTime', 'startTime is required for finished job'))
  }
  if (end && before.completionTime && end !== before.completionTime) wrongEnd('field is immutable')
  const isResumed = hasCondition(before, 'Suspended', 'True') && hasCondition(now, 'Suspended', 'False')
  if (before.startTime && start !== before.startTime && !spec.suspend && !isResumed) {
    const why = 'field is immutable for unsuspended job once set'
    errors.push(fieldError.invalid('status.startTime', start ?? null, why))
  }
  return errors
}

function countErrors({ now, before, spec, changed, finished }: Told): FieldError[] {
  const errors: FieldError[] = []
  const { active = 0, ready = 0, terminating = 0, failed = 0, succeeded = 0, uncountedTerminatedPods: uncounted } = now
  const wrong = (field: string, value: unknown, why: string) =>
    errors.push(fieldError.invalid(`status.${field}`, value, why))
  const seen = new Set<string>()
  for (const list of ['succeeded', 'failed'] as const) {
    for (const [index, uid] of (uncounted?.[list] ?? []).entries()) {
      const field = `uncountedTerminatedPods.${list}[${index}]`
      if (uid === '') wrong(field, uid, 'must not be empty')
      else if (seen.has(uid)) errors.push(fieldError.duplicate(`status.${field}`, uid))
      seen.add(uid)
    }
  }
  const isOver = isFinished(now)
  if (isOver && active > 0 && (finished || changed('active'))) {
    wrong('active', active, 'active>0 is invalid for finished job')
  }
  if (isOver && seen.size > 0 && (finished || changed('uncountedTerminatedPods'))) {
    wrong('uncountedTerminatedPods', uncounted, 'must be empty for finished job')
  }
  if (isOver && terminating > 0 && (finished || changed('terminating'))) {
    wrong('terminating', terminating, 'terminating>0 is invalid for finished job')
  }
  if (ready > active && changed('ready', 'active')) wrong('ready', ready, 'cannot set more ready pods than active')
  if (failed < (before.failed ?? 0)) wrong('failed', failed, 'cannot decrease the failed counter')
  // An indexed Job may be made smaller.
  const isElastic = spec.completionMode === 'Indexed' && spec.completions === spec.parallelism
  if (succeeded < (before.succeeded ?? 0) && !isElastic) {
    wrong('succeeded', succeeded, 'cannot decrease the succeeded counter')
  }
  return errors
}

function indexErrors({ now, spec, changed }: Told): FieldError[] {
  const { completedIndexes: done = '', failedIndexes: failed } = now as JobStatus & { failedIndexes?: string }
  const [isDoneNew, isFailedNew] = [changed('completedIndexes'), changed('failedIndexes' as keyof JobStatus)]
  const { completions, backoffLimitPerIndex } = spec
  const errors: FieldError[] = []
  const wrong = (field: string, value: unknown, why: string) =>
    errors.push(fieldError.invalid(`status.${field}`, value, why))
  const read = (text: string) => (completions === undefined ? [] : parseIndexes(text, completions))
  const [doneIndexes, failedIndexes] = [read(done), read(failed ?? '')]
  if (isDoneNew && typeof doneIndexes === 'string') {
    wrong('completedIndexes', done, `error parsing completedIndexes: ${doneIndexes}`)
  }
  if (isFailedNew && backoffLimitPerIndex !== undefined && typeof failedIndexes === 'string') {
    wrong('failedIndexes', failed, `error parsing failedIndexes: ${failedIndexes}`)
  }
  if (isDoneNew && done && spec.completionMode !== 'Indexed') {
    wrong('completedIndexes', done, 'cannot set non-empty completedIndexes when non-indexed completion mode')
  }
  if (isFailedNew && failed !== undefined && backoffLimitPerIndex === undefined) {
    wrong('failedIndexes', failed, 'cannot set non-null failedIndexes when backoffLimitPerIndex is null')
  }
  if ((!isDoneNew && !isFailedNew) || typeof doneIndexes === 'string' || typeof failedIndexes === 'string')
    return errors
  const both = failedIndexes.find((index) => doneIndexes.includes(index))
  if (both !== undefined) wrong('failedIndexes', failed, `failedIndexes and completedIndexes overlap at index: ${both}`)
  return errors
}
