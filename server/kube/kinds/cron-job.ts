// The CronJob: a Job, again and again. Upstream: kubernetes/pkg/registry/batch/cronjob/strategy.go.

import type { CronJobSpec, JobSpec, CronJob as Wire } from 'kubernetes-types/batch/v1'
import { parseCron } from '../apimachinery/cron-schedule.ts'
import { type FieldError, fieldError } from '../apimachinery/status-error.ts'
import { isTimeZone } from '../apimachinery/zone-clock.ts'
import { jobSpecErrors } from './batch/job-spec-errors.ts'
import { jobSizeWarnings } from './batch/job-warnings.ts'
import { age, ageColumn, defineKind, nameColumn } from './define-kind.ts'
import { notNegative } from './int-or-percent.ts'
import { containerImages, containerNames } from './pod-template/pod-columns.ts'
import { defaultPodSpec } from './pod-template/pod-defaults.ts'
import { isSameSpec, ownerNameWarnings, templateWarnings } from './pod-template/pod-warnings.ts'
import { shownSelector } from './pod-template/template-owner.ts'

/** Its Jobs are called after it, and eleven characters more. */
const LONGEST_NAME = 52
const POLICIES = ['Allow', 'Forbid', 'Replace']

export const CronJob = defineKind<Wire>({
  group: 'batch',
  version: 'v1',
  kind: 'CronJob',
  plural: 'cronjobs',
  shortNames: ['cj'],
  categories: ['all'],
  hasGeneration: true,
  subresources: ['status'],
  strategy: {
    warnings(next, previous) {
      const { metadata, spec } = next
      const jobs = { ...(metadata && { metadata }), spec: spec?.jobTemplate?.spec ?? {} }
      return [
        ...ownerNameWarnings(next, previous),
        ...(isSameSpec(next, previous) ? [] : jobSizeWarnings(jobs.spec as JobSpec, 'spec.jobTemplate.spec')),
        ...templateWarnings(jobs, previous, 'spec.jobTemplate.spec.template'),
        // Whoever makes one is refused; the field is upstream's.
        ...(previous && spec?.schedule?.includes('TZ')
          ? [
              'cannot use TZ or CRON_TZ in spec.spec.schedule, use timeZone instead, see https://kubernetes.io/docs/concepts/workloads/controllers/cron-jobs/ for more details',
            ]
          : []),
      ]
    },
    setDefaults({ spec }) {
      if (!spec) return
      spec.concurrencyPolicy ||= 'Allow'
      spec.suspend ??= false
      spec.successfulJobsHistoryLimit ??= 3
      spec.failedJobsHistoryLimit ??= 1
      const template = spec.jobTemplate?.spec?.template?.spec
      if (template) defaultPodSpec(template)
    },
    validate: ({ spec }, previous) =>
      spec ? specErrors(spec, previous?.spec?.schedule ?? '') : [fieldError.required('spec')],
    validateCreate: ({ metadata }) => {
      const { name = '' } = metadata ?? {}
      const errors: FieldError[] = []
      if (name.length > LONGEST_NAME) {
        errors.push(fieldError.invalid('metadata.name', name, `must be no more than ${LONGEST_NAME} characters`))
      }
      return errors
    },
  },
  columns: [
    nameColumn,
    { name: 'Schedule', field: 'spec.schedule', value: ({ spec }) => spec?.schedule },
    { name: 'Timezone', field: 'spec.timeZone', value: ({ spec }) => spec?.timeZone ?? '<none>' },
    {
      name: 'Suspend',
      type: 'boolean',
      field: 'spec.suspend',
      value: ({ spec }) => (spec?.suspend ? 'True' : 'False'),
    },
    { name: 'Active', field: 'status.active', type: 'integer', value: ({ status }) => status?.active?.length ?? 0 },
    {
      name: 'Last Schedule',
      field: 'status.lastScheduleTime',
      value: ({ status }, now) => (status?.lastScheduleTime ? age(status.lastScheduleTime, now) : '<none>'),
    },
    ageColumn,
    {
      name: 'Containers',
      description: 'Names of each container in the template.',
      priority: 1,
      value: ({ spec }) => containerNames(spec?.jobTemplate?.spec?.template?.spec),
    },
    {
      name: 'Images',
      description: 'Images referenced by each container in the template.',
      priority: 1,
      value: ({ spec }) => containerImages(spec?.jobTemplate?.spec?.template?.spec),
    },
    {
      name: 'Selector',
      field: 'spec.jobTemplate.spec.selector',
      priority: 1,
      value: ({ spec }) => shownSelector(spec?.jobTemplate?.spec?.selector),
    },
  ],
})

function specErrors(spec: CronJobSpec, before: string): FieldError[] {
  const errors: FieldError[] = []
  if (!spec.schedule) errors.push(fieldError.required('spec.schedule'))
  else errors.push(...scheduleErrors(spec.schedule), ...zoneErrors(spec, before))
  if (spec.timeZone !== undefined) errors.push(...timeZoneErrors(spec.timeZone))
  for (const field of ['startingDeadlineSeconds', 'successfulJobsHistoryLimit', 'failedJobsHistoryLimit'] as const) {
    errors.push(...notNegative(`spec.${field}`, spec[field]))
  }
  if (!POLICIES.includes(spec.concurrencyPolicy ?? '')) {
    errors.push(fieldError.notSupported('spec.concurrencyPolicy', spec.concurrencyPolicy, POLICIES))
  }
  const job = spec.jobTemplate?.spec
  if (!job) return [...errors, fieldError.required('spec.jobTemplate.spec.template')]
  const at = 'spec.jobTemplate.spec'
  errors.push(...jobSpecErrors(job, at))
  if (job.selector) errors.push(fieldError.invalid(`${at}.selector`, job.selector, '`selector` will be auto-generated'))
  if (job.manualSelector) errors.push(fieldError.notSupported(`${at}.manualSelector`, true, ['nil', 'false']))
  return errors
}

function scheduleErrors(schedule: string): FieldError[] {
  try {
    parseCron(schedule.replace(/^(CRON_)?TZ=\S+\s+/, ''))
    return []
  } catch (err) {
    return [fieldError.invalid('spec.schedule', schedule, err instanceof Error ? err.message : String(err))]
  }
}

/** Zones in schedules are let be where there was one before there was a field for it. */
function zoneErrors({ schedule, timeZone }: CronJobSpec, before: string): FieldError[] {
  if (!schedule.includes('TZ')) return []
  const refuse = (why: string) => [fieldError.invalid('spec.schedule', schedule, why)]
  if (!before.includes('TZ')) return refuse('cannot use TZ or CRON_TZ in schedule, use timeZone field instead')
  return timeZone === undefined ? [] : refuse('cannot use both timeZone field and TZ or CRON_TZ in schedule')
}

function timeZoneErrors(timeZone: string): FieldError[] {
  const at = 'spec.timeZone'
  if (timeZone === '') return [fieldError.invalid(at, timeZone, 'timeZone must be nil or non-empty string')]
  if (timeZone.toLowerCase() === 'local') {
    const why = 'timeZone must be an explicit time zone as defined in https://www.iana.org/time-zones'
    return [fieldError.invalid(at, timeZone, why)]
  }
  return isTimeZone(timeZone) ? [] : [fieldError.invalid(at, timeZone, `unknown time zone ${timeZone}`)]
}
