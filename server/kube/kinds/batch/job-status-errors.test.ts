// What may be told of a Job. Expectations are read from pkg/apis/batch/validation ValidateJobUpdateStatus.

import type { Job } from 'kubernetes-types/batch/v1'
import { expect, it } from 'vitest'
import { jobStatusErrors } from './job-status-errors.ts'

const T0 = '2026-01-01T00:00:00Z'
const T1 = '2026-01-01T00:01:00Z'
const all = (...types: string[]) => ({ conditions: types.map((type) => ({ type, status: 'True' })) })
const complete = { ...all('SuccessCriteriaMet', 'Complete'), startTime: T0, completionTime: T1 }
const failed = { ...all('FailureTarget', 'Failed'), startTime: T0 }
const indexed = { completionMode: 'Indexed', completions: 5, parallelism: 2, backoffLimitPerIndex: 1 }

it.each([
  ['work', {}, { startTime: T0 }, { startTime: T0, active: 2, ready: 1 }, []],
  ['the end', {}, { startTime: T0 }, complete, []],
  ['failure', {}, { startTime: T0 }, failed, []],
  [
    'the end at once',
    {},
    { startTime: T0 },
    { ...all('Complete'), startTime: T0 },
    [
      'status.conditions: Invalid value: cannot set Complete=True condition without the SuccessCriteriaMet=true condition',
      'status.completionTime: Required value: completionTime is required for Complete jobs',
    ],
  ],
  [
    'two ends',
    {},
    { startTime: T0 },
    { ...complete, ...all('SuccessCriteriaMet', 'Complete', 'FailureTarget', 'Failed') },
    [
      'status.conditions: Invalid value: cannot set Complete=True and Failed=true conditions',
      'status.conditions: Invalid value: cannot set Complete=True and FailureTarget=true conditions',
      'status.conditions: Invalid value: cannot set SuccessCriteriaMet=True and Failed=true conditions',
      'status.conditions: Invalid value: cannot set SuccessCriteriaMet=True and FailureTarget=true conditions',
    ],
  ],
  [
    'work after the end',
    {},
    complete,
    { ...complete, active: 1 },
    ['status.active: Invalid value: 1: active>0 is invalid for finished job'],
  ],
  [
    'no failure any more',
    {},
    failed,
    { startTime: T0 },
    [
      'status.conditions: Invalid value: cannot disable the terminal Failed=True condition',
      'status.conditions: Invalid value: cannot disable the terminal FailureTarget=True condition',
    ],
  ],
  [
    'another end',
    {},
    complete,
    { ...complete, completionTime: T0 },
    [`status.completionTime: Invalid value: "${T0}": field is immutable`],
  ],
  [
    'another beginning',
    {},
    { startTime: T0 },
    { startTime: T1 },
    [`status.startTime: Invalid value: "${T1}": field is immutable for unsuspended job once set`],
  ],
  [
    'no beginning any more',
    {},
    { startTime: T0 },
    {},
    ['status.startTime: Invalid value: null: field is immutable for unsuspended job once set'],
  ],
  [
    'another beginning as it goes on',
    {},
    { ...all('Suspended'), startTime: T0 },
    { conditions: [{ type: 'Suspended', status: 'False' }], startTime: T1 },
    [],
  ],
  [
    'the end of one that never began, as it wants nothing',
    { suspend: true, completions: 0 },
    {},
    { ...complete, startTime: undefined },
    [],
  ],
  [
    'the end before the beginning',
    {},
    {},
    { ...complete, startTime: T1, completionTime: T0 },
    [`status.completionTime: Invalid value: "${T0}": must be equal to or after \`startTime\``],
  ],
  [
    'pods not counted yet after the end',
    {},
    {},
    { ...complete, uncountedTerminatedPods: { failed: ['a'] } },
    ['status.uncountedTerminatedPods: Invalid value: {"failed":["a"]}: must be empty for finished job'],
  ],
  ['another beginning of one that was suspended', { suspend: true }, { startTime: T0 }, {}, []],
  [
    'fewer than before',
    {},
    { failed: 2, succeeded: 2 },
    { failed: 1, succeeded: 1 },
    [
      'status.failed: Invalid value: 1: cannot decrease the failed counter',
      'status.succeeded: Invalid value: 1: cannot decrease the succeeded counter',
    ],
  ],
  [
    'fewer of one that was made smaller',
    { completionMode: 'Indexed', completions: 1, parallelism: 1 },
    { succeeded: 2 },
    { succeeded: 1 },
    [],
  ],
  ['indexes', indexed, {}, { completedIndexes: '0,2', failedIndexes: '1' }, []],
  [
    'indexes twice',
    indexed,
    {},
    { completedIndexes: '0-2', failedIndexes: '2' },
    ['status.failedIndexes: Invalid value: "2": failedIndexes and completedIndexes overlap at index: 2'],
  ],
  [
    'indexes of a Job without',
    {},
    {},
    { completedIndexes: '0' },
    [
      'status.completedIndexes: Invalid value: "0": cannot set non-empty completedIndexes when non-indexed completion mode',
    ],
  ],
  [
    'pods counted twice',
    {},
    {},
    { uncountedTerminatedPods: { succeeded: ['a', ''], failed: ['a'] } },
    [
      'status.uncountedTerminatedPods.succeeded[1]: Invalid value: "": must not be empty',
      'status.uncountedTerminatedPods.failed[0]: Duplicate value: "a"',
    ],
  ],
  [
    'more ready than active',
    {},
    {},
    { active: 1, ready: 2 },
    ['status.ready: Invalid value: 2: cannot set more ready pods than active'],
  ],
] as [string, object, object, object, string[]][])('%s', (_what, spec, before, now, expected) => {
  const job = (status: object) => ({ spec, status }) as Job
  expect(jobStatusErrors(job(now), job(before)).map(({ field, message }) => `${field}: ${message}`)).toEqual(expected)
})
