// The Event as events.k8s.io/v1 shows it: the same objects under newer names.
// Upstream: kubernetes/pkg/apis/events/v1/conversion.go.

import type { Event as Stored } from 'kubernetes-types/core/v1'
import type { Event as Wire } from 'kubernetes-types/events/v1'
import type { KubeObject } from '../apimachinery/object-meta.ts'
import type { OtherVersion } from './define-kind.ts'
import { strictEventErrors } from './event-rules.ts'

/** Theirs, and ours. */
const NAMES = {
  note: 'message',
  regarding: 'involvedObject',
  reportingController: 'reportingComponent',
  deprecatedSource: 'source',
  deprecatedFirstTimestamp: 'firstTimestamp',
  deprecatedLastTimestamp: 'lastTimestamp',
  deprecatedCount: 'count',
} as const

const OUR_NAMES = Object.fromEntries(Object.entries(NAMES).map(([theirs, ours]) => [ours, theirs]))

const renamed = (object: object, names: Readonly<Record<string, string>>) =>
  Object.fromEntries(Object.entries(object).map(([field, value]) => [names[field] ?? field, value]))

const OBJECT_FIELDS = ['kind', 'namespace', 'name', 'uid', 'apiVersion', 'resourceVersion', 'fieldPath']

export const eventInEventsGroup: OtherVersion<Stored> = {
  group: 'events.k8s.io',
  version: 'v1',
  stored: (object: Wire) => renamed(object, NAMES) as unknown as Stored,
  shown: (object) => renamed(object, OUR_NAMES) as KubeObject,
  errors: strictEventErrors,
  fieldNames: {
    ...Object.fromEntries(OBJECT_FIELDS.map((field) => [`regarding.${field}`, `involvedObject.${field}`])),
    reason: 'reason',
    reportingController: 'reportingComponent',
    type: 'type',
  },
}
