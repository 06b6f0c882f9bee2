import type { Pod } from 'kubernetes-types/core/v1'
import { expect, it } from 'vitest'
import { INDEX, namePrefix, superfluous } from './job-pods.ts'
import { pod } from './testing/some-pods.ts'

it.each<[what: string, spec: object, atLeast: number, expected: string[]]>([
  ['nobody', {}, 0, []],
  ['those that have done least', {}, 2, ['waits', 'twice']],
  [
    'of an index all but one, and those without a wanted one',
    { completionMode: 'Indexed', completions: 2 },
    0,
    ['beyond', 'twice', 'waits'],
  ],
  ['then others', { completionMode: 'Indexed', completions: 2 }, 4, ['beyond', 'twice', 'waits', 'first']],
])('lets go: %s', (_, spec, atLeast, expected) => {
  const on = (told: Pod, isReady = true): Pod => ({
    ...told,
    spec: { nodeName: 'n1', containers: [] },
    status: { ...told.status, conditions: isReady ? [{ type: 'Ready', status: 'True' }] : [] },
  })
  const active = [
    on(pod('beyond', { index: 2 })),
    on(pod('first', { index: 0 })),
    on(pod('twice', { index: 1 }), false),
    on(pod('second', { index: 1 })),
    pod('waits'),
  ]
  const gone = superfluous({ spec: { template: {}, ...spec } }, active, atLeast)
  expect(gone.map(({ metadata }) => metadata?.name)).toEqual(expected)
})

it('lets go first of those whose times nobody told, then of those that restart', () => {
  const ready = (name: string, lastTransitionTime?: string, restarts = [0, 0], createdAt?: string): Pod => {
    const [restartCount, ofSidecar] = restarts as [number, number]
    const container = { ready: true, image: '', imageID: '' }
    return {
      metadata: { name, ...(createdAt ? { creationTimestamp: createdAt } : {}) },
      spec: {
        nodeName: 'n1',
        containers: [],
        initContainers: [{ name: 'beside', restartPolicy: 'Always' }, { name: 'before' }],
      },
      status: {
        phase: 'Running',
        conditions: [{ type: 'Ready', status: 'True', ...(lastTransitionTime ? { lastTransitionTime } : {}) }],
        containerStatuses: [{ ...container, name: 'main', restartCount }],
        initContainerStatuses: [
          { ...container, name: 'beside', restartCount: ofSidecar },
          { ...container, name: 'before', restartCount: 9 - ofSidecar },
        ],
      },
    }
  }
  const [early, late] = ['2026-01-01T00:00:00Z', '2026-01-01T00:30:00Z']
  const active = [
    ready('old', early, [0, 0], early),
    ready('made later', early, [0, 0], late),
    ready('made at no time', early),
    ready('restarts beside', early, [0, 2], early),
    ready('restarts', early, [1, 0], early),
    ready('young', late, [0, 0], early),
    ready('never told', undefined, [0, 0], early),
  ]
  const gone = superfluous({ spec: { template: {} } }, active, active.length)
  expect(gone.map(({ metadata }) => metadata?.name)).toEqual([
    'never told',
    'young',
    'restarts',
    'restarts beside',
    'made at no time',
    'made later',
    'old',
  ])
})

it('names a pod by its index, however long the name of the Job is', () => {
  const called = (name: string) => ({ metadata: { name } })
  expect(namePrefix(called('pi'), 7)).toBe('pi-7-')
  expect(namePrefix(called('a'.repeat(54)), 12)).toBe(`${'a'.repeat(54)}-12-`)
  expect(namePrefix(called('a'.repeat(60)), 12)).toBe(`${'a'.repeat(54)}-12-`)
})

it.each<[mode: string, atLeast: number]>([
  ['NonIndexed', 0],
  ['NonIndexed', -2],
  ['Indexed', 0],
])('lets go of nobody and asks none how it does: %s, %i to go', (completionMode, atLeast) => {
  const active = [0, 1, 2].map((index): Pod => {
    return {
      metadata: { annotations: { [INDEX]: String(index) } },
      get status(): never {
        throw new Error('asked')
      },
    }
  })
  expect(superfluous({ spec: { completionMode, completions: 3, template: {} } }, active, atLeast)).toEqual([])
})
