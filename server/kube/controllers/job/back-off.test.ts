import type { Pod } from 'kubernetes-types/core/v1'
import { describe, expect, it } from 'vitest'
import { delayLeftMs, failuresInARow, finishedAt } from './back-off.ts'
import { NOW, pod } from './testing/some-pods.ts'

describe('the next pod', () => {
  const failed = (uid: string, ago: number) => pod(uid, { phase: 'Failed', code: 1, ago })
  const none = { count: 0, lastAt: 0 }
  const delay = (failures: Pod[], successes: Pod[] = [], before = none) =>
    delayLeftMs(failuresInARow(before, { failed: failures, succeeded: successes }, NOW), NOW)

  it('waits twice as long after each failure in a row, and not after a success', () => {
    expect(delay([])).toBe(0)
    expect(delay([failed('a', 4)])).toBe(6_000)
    expect(delay([failed('a', 30), failed('b', 4)])).toBe(16_000)
    expect(delay([failed('a', 30), failed('b', 25)])).toBe(0)
    expect(delay([failed('a', 4)], [pod('b', { phase: 'Succeeded', code: 0, ago: 1 })])).toBe(0)
    expect(delay(Array.from({ length: 20 }, (_, index) => failed(`${index}`, 0)))).toBe(600_000)
  })

  it('remembers failures of pods that are gone', () => {
    const before = { count: 1, lastAt: NOW - 30_000 }
    expect(delay([], [], before)).toBe(0)
    expect(delay([failed('b', 4)], [], before)).toBe(16_000)
    expect(delay([], [pod('c', { phase: 'Succeeded', code: 0 })], { count: 5, lastAt: NOW })).toBe(0)
  })

  /** Its container has ended 7 seconds ago; of an init container that is none beside it nothing is asked. */
  const besides = (finishedAt: string | undefined): Pod => {
    const told = pod('a', { phase: 'Failed', code: 1, ago: 7 })
    const [main] = told.status!.containerStatuses!
    const ended = (name: string, at: string | undefined) => ({
      ...main!,
      name,
      state: at ? { terminated: { exitCode: 0, finishedAt: at } } : {},
    })
    return {
      metadata: { ...told.metadata, creationTimestamp: '2026-01-01T00:00:00Z' },
      spec: { containers: [], initContainers: [{ name: 'beside', restartPolicy: 'Always' }, { name: 'before' }] },
      status: { ...told.status, initContainerStatuses: [ended('beside', finishedAt), ended('before', undefined)] },
    }
  }
  it.each<[what: string, told: Partial<Pod>, expected: number]>([
    ['since its last container ended', pod('a', { phase: 'Failed', code: 1, ago: 7 }), 7_000],
    ['since its sidecar ended, which is later', besides('2026-01-01T00:59:58Z'), 2_000],
    ['since it was made, while its sidecar runs', besides(undefined), 3_600_000],
    [
      'since it was not ready any more',
      { status: { conditions: [{ type: 'Ready', status: 'False', lastTransitionTime: '2026-01-01T00:59:57Z' }] } },
      3_000,
    ],
    [
      'since it was told to go, not since it has to be gone',
      {
        metadata: { deletionTimestamp: '2026-01-01T01:00:25Z', deletionGracePeriodSeconds: 30 },
        status: { conditions: [{ type: 'Ready', status: 'True', lastTransitionTime: '2026-01-01T00:00:00Z' }] },
      },
      5_000,
    ],
  ])('waits %s', (_, told, expected) => {
    expect(NOW - finishedAt(told as Pod, NOW)).toBe(expected)
  })
})
