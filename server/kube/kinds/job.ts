// The Job: pods that are to end well, so and so often. Upstream: kubernetes/pkg/registry/batch/job/strategy.go.

import type { Job as Wire } from 'kubernetes-types/batch/v1'
import { labelSelectorErrors, selectorOfObject } from '../apimachinery/label-selector.ts'
import { dnsLabelProblems } from '../apimachinery/names.ts'
import { type FieldError, fieldError } from '../apimachinery/status-error.ts'
import { templateChangeErrors } from './batch/allowed-template.ts'
import type { FullJobSpec } from './batch/full-job-spec.ts'
import { jobSpecErrors } from './batch/job-spec-errors.ts'
import { jobStatusErrors } from './batch/job-status-errors.ts'
import { jobSizeWarnings } from './batch/job-warnings.ts'
import { ageColumn, defineKind, humanDuration, nameColumn } from './define-kind.ts'
import { immutableErrors } from './immutable.ts'
import { containerImages, containerNames } from './pod-template/pod-columns.ts'
import { defaultPodSpec } from './pod-template/pod-defaults.ts'
import { isSameSpec, ownerNameWarnings, templateWarnings } from './pod-template/pod-warnings.ts'
import { shownSelector } from './pod-template/template-owner.ts'

const CONTROLLER_UID = 'batch.kubernetes.io/controller-uid'
export const JOB_NAME = 'batch.kubernetes.io/job-name'
/** The same from before labels of Kubernetes had a prefix. */
const OLD_CONTROLLER_UID = 'controller-uid'
const OLD_JOB_NAME = 'job-name'
const BACKOFF_LIMIT = 6
const NO_LIMIT = 2 ** 31 - 1

export const Job = defineKind<Wire>({
  group: 'batch',
  version: 'v1',
  kind: 'Job',
  plural: 'jobs',
  categories: ['all'],
  hasGeneration: true,
  subresources: ['status'],
  strategy: {
    warnings: (next, previous) => [
      ...ownerNameWarnings(next, previous),
      ...(isSameSpec(next, previous) || !next.spec ? [] : jobSizeWarnings(next.spec, 'spec')),
      ...templateWarnings(next, previous),
    ],
    orphansDependents: true,
    setDefaults(job) {
      const { spec } = job
      if (!spec) return
      if (spec.completions === undefined && spec.parallelism === undefined) spec.completions = 1
      spec.parallelism ??= 1
      spec.backoffLimit ??= spec.backoffLimitPerIndex === undefined ? BACKOFF_LIMIT : NO_LIMIT
      spec.completionMode ??= 'NonIndexed'
      spec.suspend ??= false
      spec.manualSelector ??= false
      spec.podReplacementPolicy ??= spec.podFailurePolicy ? 'Failed' : 'TerminatingOrFailed'
      labelLikeTemplate(job)
      for (const { onPodConditions = [] } of spec.podFailurePolicy?.rules ?? []) {
        for (const pattern of onPodConditions) pattern.status ||= 'True'
      }
      if (spec.template?.spec) defaultPodSpec(spec.template.spec)
    },
    prepareForCreate(job) {
      if (job.spec && !job.spec.manualSelector) generateSelector(job)
      labelLikeTemplate(job)
    },
    validate: specErrors,
    validateCreate: (job) => [...generatedSelectorErrors(job), ...hostNameErrors(job)],
    validateUpdate: updateErrors,
    validateStatusUpdate: jobStatusErrors,
    deletionWarnings: () => [
      'child pods are preserved by default when jobs are deleted; set propagationPolicy=Background to remove them or set propagationPolicy=Orphan to suppress this warning',
    ],
  },
  columns: [
    nameColumn,
    { name: 'Status', description: 'Status of the job.', value: shownStatus },
    { name: 'Completions', field: 'status.succeeded', value: shownCompletions },
    { name: 'Duration', description: 'Time required to complete the job.', value: shownDuration },
    ageColumn,
    {
      name: 'Containers',
      description: 'Names of each container in the template.',
      priority: 1,
      value: ({ spec }) => containerNames(spec?.template?.spec),
    },
    {
      name: 'Images',
      description: 'Images referenced by each container in the template.',
      priority: 1,
      value: ({ spec }) => containerImages(spec?.template?.spec),
    },
    { name: 'Selector', field: 'spec.selector', priority: 1, value: ({ spec }) => shownSelector(spec?.selector) },
  ],
  selectableFields: { 'status.successful': ({ status }) => String(status?.succeeded ?? 0) },
})

function labelLikeTemplate(job: Wire): void {
  const { labels } = job.spec?.template?.metadata ?? {}
  if (!labels || Object.keys(job.metadata?.labels ?? {}).length > 0) return
  job.metadata = { ...job.metadata, labels: { ...labels } }
}

/** So that no two Jobs ever take each other's pods. */
function generateSelector(job: Wire): void {
  const { uid = '', name = '' } = job.metadata ?? {}
  const { template } = job.spec!
  if (!template) return
  const generated = {
    [CONTROLLER_UID]: uid,
    [JOB_NAME]: name,
    [OLD_CONTROLLER_UID]: uid,
    [OLD_JOB_NAME]: name,
  }
  template.metadata = { ...template.metadata, labels: { ...generated, ...template.metadata?.labels } }
  job.spec!.selector ??= {}
  job.spec!.selector.matchLabels = { [CONTROLLER_UID]: uid, ...job.spec!.selector.matchLabels }
}

function generatedSelectorErrors({ metadata, spec }: Wire): FieldError[] {
  if (!spec?.selector || spec.manualSelector) return []
  const labels = spec.template?.metadata?.labels ?? {}
  const { uid = '', name = '' } = metadata ?? {}
  const expected = { [OLD_CONTROLLER_UID]: uid, [OLD_JOB_NAME]: name, [CONTROLLER_UID]: uid, [JOB_NAME]: name }
  const errors: FieldError[] = []
  for (const [key, value] of Object.entries(expected)) {
    const at = `spec.template.metadata.labels[${key}]`
    if (labels[key] === undefined) errors.push(fieldError.required(at, `must be '${value}'`))
    else if (labels[key] !== value) errors.push(fieldError.invalid(at, labels, `must be '${value}'`))
  }
  const isGenerated =
    labelSelectorErrors(spec.selector, '').length > 0 || selectorOfObject(spec.selector).matches(expected)
  if (!isGenerated) errors.push(fieldError.invalid('spec.selector', spec.selector, '`selector` not auto-generated'))
  return errors
}

/** Each of its pods is called after it and its own number, also by the host name that it knows. */
function hostNameErrors({ metadata, spec }: Wire): FieldError[] {
  const { name = '' } = metadata ?? {}
  const { completionMode, completions = 0 } = spec ?? {}
  const last = `${name}-${completions - 1}`
  if (completionMode !== 'Indexed' || completions <= 0 || dnsLabelProblems(last).length === 0) return []
  return [fieldError.invalid('metadata.name', name, `will not able to create pod with invalid DNS label: ${last}`)]
}

function specErrors({ spec }: Wire): FieldError[] {
  if (!spec) return [fieldError.required('spec')]
  const errors = jobSpecErrors(spec, 'spec')
  const { selector } = spec
  const selectorErrors = selector
    ? labelSelectorErrors(selector, 'spec.selector')
    : [fieldError.required('spec.selector')]
  errors.push(...selectorErrors)
  const labels = spec.template?.metadata?.labels
  // None at all is of no pods.
  if (!selector || (selectorErrors.length === 0 && !selectorOfObject(selector).matches(labels))) {
    const why = '`selector` does not match template `labels`'
    errors.push(fieldError.invalid('spec.template.metadata.labels', labels ?? null, why))
  }
  return errors
}

function updateErrors(next: Wire, previous: Wire): FieldError[] {
  const [spec, before] = [next.spec as FullJobSpec | undefined, previous.spec as FullJobSpec | undefined]
  if (!spec || !before) return []
  const errors: FieldError[] = []
  if (spec.completions !== before.completions) {
    if (spec.completionMode !== 'Indexed')
      errors.push(fieldError.invalid('spec.completions', spec.completions ?? null, 'field is immutable'))
    else if (spec.completions !== undefined && spec.completions !== spec.parallelism) {
      const why = 'can only be modified in tandem with spec.parallelism'
      errors.push(fieldError.invalid('spec.completions', spec.completions, why))
    }
  }
  errors.push(...immutableErrors(spec, before, 'spec.', ['selector']))
  return [
    ...errors,
    ...templateChangeErrors(spec, previous),
    ...immutableErrors(spec, before, 'spec.', [
      'completionMode',
      'podFailurePolicy',
      'backoffLimitPerIndex',
      'managedBy',
      'successPolicy',
    ]),
  ]
}

export const hasCondition = ({ status }: Wire, type: string) =>
  (status?.conditions ?? []).some((condition) => condition.type === type && condition.status === 'True')

function shownStatus(job: Wire): string {
  if (hasCondition(job, 'Complete')) return 'Complete'
  if (hasCondition(job, 'Failed')) return 'Failed'
  if (job.metadata?.deletionTimestamp) return 'Terminating'
  return ['Suspended', 'FailureTarget', 'SuccessCriteriaMet'].find((type) => hasCondition(job, type)) ?? 'Running'
}

function shownCompletions({ spec, status }: Wire): string {
  const succeeded = status?.succeeded ?? 0
  if (spec?.completions !== undefined) return `${succeeded}/${spec.completions}`
  const parallelism = spec?.parallelism ?? 0
  return parallelism > 1 ? `${succeeded}/1 of ${parallelism}` : `${succeeded}/1`
}

function shownDuration({ status }: Wire, now: number): string {
  if (!status?.startTime) return ''
  const end = status.completionTime ? Date.parse(status.completionTime) : now
  return humanDuration(end - Date.parse(status.startTime))
}
