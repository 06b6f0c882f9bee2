// What an Event has to say: little through the core group, for old clients; more through events.k8s.io, where it is also
// never rewritten. Upstream: kubernetes/pkg/apis/core/validation/events.go.

import type { Event } from 'kubernetes-types/core/v1'
import { immutable, problemsAt } from '../apimachinery/field-checks.ts'
import { dnsSubdomainProblems, labelKeyProblems } from '../apimachinery/names.ts'
import { type FieldError, fieldError } from '../apimachinery/status-error.ts'

const LONGEST = { reportingInstance: 128, action: 128, reason: 128, message: 1024 } as const
const UNSET = 'needs to be unset'

export function eventErrors(event: Event): FieldError[] {
  const { namespace = '' } = event.metadata ?? {}
  const about = event.involvedObject?.namespace ?? ''
  const isElsewhere = event.eventTime
    ? about === '' && namespace !== 'default' && namespace !== 'kube-system'
    : about === ''
      ? namespace !== '' && namespace !== 'default'
      : about !== namespace
  const errors: FieldError[] = []
  if (isElsewhere) errors.push(fieldError.invalid('involvedObject.namespace', about, 'does not match event.namespace'))
  if (event.eventTime) errors.push(...newEventErrors(event))
  return [...errors, ...problemsAt('namespace', namespace, dnsSubdomainProblems(namespace))]
}

function newEventErrors(event: Event): FieldError[] {
  const { reportingComponent: controller = '' } = event
  const errors: FieldError[] = []
  if (!controller) errors.push(fieldError.required('reportingController'))
  errors.push(...problemsAt('reportingController', controller, labelKeyProblems(controller)))
  for (const field of ['reportingInstance', 'action', 'reason', 'message'] as const) {
    const text = event[field] ?? ''
    if (!text && field !== 'message') errors.push(fieldError.required(field))
    if (text.length > LONGEST[field]) {
      errors.push(fieldError.invalid(field, '', `can have at most ${LONGEST[field]} characters`))
    }
  }
  return errors
}

/** On top of that, through events.k8s.io. */
export function strictEventErrors(event: Event, previous: Event | undefined): FieldError[] {
  if (previous) return keptErrors(event, previous)
  const errors = seriesErrors(event)
  const { type = '', source } = event
  if (!event.eventTime) errors.push(fieldError.required('eventTime'))
  if (type !== 'Normal' && type !== 'Warning') {
    errors.push(fieldError.invalid('type', '', `has invalid value: ${type}`))
  }
  for (const field of ['firstTimestamp', 'lastTimestamp', 'count'] as const) {
    if (event[field]) errors.push(fieldError.invalid(field, '', UNSET))
  }
  return source?.component || source?.host ? [...errors, fieldError.invalid('source', '', UNSET)] : errors
}

function seriesErrors({ series }: Event): FieldError[] {
  if (!series) return []
  const errors: FieldError[] = []
  if ((series.count ?? 0) < 2) errors.push(fieldError.invalid('series.count', '', 'should be at least 2'))
  if (!series.lastObservedTime) errors.push(fieldError.required('series.lastObservedTime'))
  return errors
}

const KEPT = {
  involvedObject: 'involvedObject',
  reason: 'reason',
  message: 'message',
  source: 'source',
  firstTimestamp: 'firstTimestamp',
  lastTimestamp: 'lastTimestamp',
  count: 'count',
  type: 'type',
  eventTime: 'eventTime',
  action: 'action',
  related: 'related',
  reportingComponent: 'reportingController',
  reportingInstance: 'reportingInstance',
} as const

/** What happened has happened; only a series of it goes on. */
function keptErrors(event: Event, previous: Event): FieldError[] {
  const isSeriesNew = immutable('', event.series, previous.series).length > 0
  return [
    ...(isSeriesNew ? seriesErrors(event) : []),
    ...Object.entries(KEPT).flatMap(([field, said]) =>
      immutable(said, event[field as keyof typeof KEPT], previous[field as keyof typeof KEPT]),
    ),
  ]
}
