// What Events have to say, and what cannot be unsaid. Expectations are read from pkg/apis/core/validation/events.go.

import type { Event as Wire } from 'kubernetes-types/core/v1'
import { expect, it } from 'vitest'
import { eventErrors, strictEventErrors } from './event-rules.ts'

const told = (errors: { field: string; message: string }[]) =>
  errors.map(({ field, message }) => `${field}: ${message}`)
const about = { kind: 'Pod', name: 'web', namespace: 'shop' }
const old = { metadata: { name: 'e', namespace: 'shop' }, involvedObject: about, reason: 'Made', type: 'Normal' }
const fresh = {
  ...old,
  eventTime: '2026-01-01T00:00:00.000000Z',
  reportingComponent: 'example.com/loop',
  reportingInstance: 'loop-1',
  action: 'Make',
}

it.each([
  ['an old one', old, []],
  ['a new one', fresh, []],
  [
    'about something elsewhere',
    { ...old, involvedObject: { ...about, namespace: 'other' } },
    ['involvedObject.namespace: Invalid value: "other": does not match event.namespace'],
  ],
  [
    'about something of no namespace, kept elsewhere than in default',
    { ...old, involvedObject: { kind: 'Node', name: 'n' } },
    ['involvedObject.namespace: Invalid value: "": does not match event.namespace'],
  ],
  [
    'a new one that says too little and too much',
    { ...fresh, reportingInstance: '', action: 'a'.repeat(129), message: 'm'.repeat(1025) },
    [
      'reportingInstance: Required value',
      'action: Invalid value: "": can have at most 128 characters',
      'message: Invalid value: "": can have at most 1024 characters',
    ],
  ],
] as [string, Wire, string[]][])('%s', (_what, event, expected) => {
  expect(told(eventErrors(event))).toEqual(expected)
})

it.each([
  ['made', fresh, undefined, []],
  [
    'made as the core group made them',
    { ...old, type: 'Odd', count: 2, source: { component: 'x' }, series: { count: 1 } },
    undefined,
    [
      'series.count: Invalid value: "": should be at least 2',
      'series.lastObservedTime: Required value',
      'eventTime: Required value',
      'type: Invalid value: "": has invalid value: Odd',
      'count: Invalid value: "": needs to be unset',
      'source: Invalid value: "": needs to be unset',
    ],
  ],
  ['seen again', { ...fresh, series: { count: 2, lastObservedTime: '2026-01-01T00:00:01.000000Z' } }, fresh, []],
  [
    'told otherwise',
    { ...fresh, reason: 'Other', reportingComponent: 'other' },
    fresh,
    [
      'reason: Invalid value: "Other": field is immutable',
      'reportingController: Invalid value: "other": field is immutable',
    ],
  ],
] as [string, Wire, Wire | undefined, string[]][])('through events.k8s.io, %s', (_what, event, previous, expected) => {
  expect(told(strictEventErrors(event, previous))).toEqual(expected)
})
