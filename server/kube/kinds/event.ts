// The Event: what a component has to tell about an object, for people to read. Gone after a while.
// Upstream: kubernetes/pkg/registry/core/event, printers.go printEvent.

import type { Event as Wire } from 'kubernetes-types/core/v1'
import { age, type Column, defineKind } from './define-kind.ts'
import { eventInEventsGroup } from './event-in-events-group.ts'
import { eventErrors } from './event-rules.ts'

const seconds = (time: string | undefined) => time?.slice(0, 19).concat('Z')

function firstSeen(event: Wire, now: number): string {
  return age(seconds(event.firstTimestamp ?? event.eventTime), now)
}

function lastSeen(event: Wire, now: number): string {
  if (event.series) return age(seconds(event.series.lastObservedTime), now)
  return event.lastTimestamp ? age(event.lastTimestamp, now) : firstSeen(event, now)
}

const columns: readonly Column<Wire>[] = [
  { name: 'Last Seen', field: 'lastTimestamp', value: lastSeen },
  { name: 'Type', field: 'type', value: (event) => event.type },
  { name: 'Reason', field: 'reason', value: (event) => event.reason },
  {
    name: 'Object',
    field: 'involvedObject',
    value: ({ involvedObject: { kind = '', name } = {} }) => `${kind.toLowerCase()}${name ? `/${name}` : ''}`,
  },
  {
    name: 'Subobject',
    field: 'involvedObject.fieldPath',
    priority: 1,
    value: (event) => event.involvedObject?.fieldPath ?? '',
  },
  {
    name: 'Source',
    field: 'source',
    priority: 1,
    value: ({ source, reportingComponent, reportingInstance }) => {
      const instance = source?.host || reportingInstance
      return `${source?.component || reportingComponent || ''}${instance ? `, ${instance}` : ''}`
    },
  },
  { name: 'Message', field: 'message', value: (event) => event.message?.trim() },
  { name: 'First Seen', field: 'firstTimestamp', priority: 1, value: firstSeen },
  { name: 'Count', field: 'count', priority: 1, value: ({ series, count }) => series?.count ?? (count || 1) },
  { name: 'Name', field: 'metadata.name', format: 'name', priority: 1, value: (event) => event.metadata?.name },
]

export const Event = defineKind<Wire>({
  version: 'v1',
  kind: 'Event',
  plural: 'events',
  shortNames: ['ev'],
  otherVersions: [eventInEventsGroup],
  strategy: { createsOnUpdate: true, hasNoDependents: true, validate: eventErrors },
  columns,
  selectableFields: {
    'involvedObject.kind': (event) => event.involvedObject?.kind ?? '',
    'involvedObject.namespace': (event) => event.involvedObject?.namespace ?? '',
    'involvedObject.name': (event) => event.involvedObject?.name ?? '',
    'involvedObject.uid': (event) => event.involvedObject?.uid ?? '',
    'involvedObject.apiVersion': (event) => event.involvedObject?.apiVersion ?? '',
    'involvedObject.resourceVersion': (event) => event.involvedObject?.resourceVersion ?? '',
    'involvedObject.fieldPath': (event) => event.involvedObject?.fieldPath ?? '',
    reason: (event) => event.reason ?? '',
    reportingComponent: (event) => event.reportingComponent ?? '',
    source: (event) => event.source?.component || event.reportingComponent || '',
    type: (event) => event.type ?? '',
  },
})
