import type { NamespaceCondition } from 'kubernetes-types/core/v1'
import { expect, it } from 'vitest'
import { deletionConditions } from './deletion-conditions.ts'

it('tells of all that could not be deleted, and since when that is so', () => {
  const told = (failures: Error[], at: string, current: NamespaceCondition[] = []) =>
    deletionConditions(current, { leftovers: [], failures, at })
  const first = told([new Error('b is stuck'), new Error('a is stuck')], '2026-01-01T00:00:00Z')
  const second = told([new Error('a is stuck')], '2026-01-01T00:01:00Z', first)
  const failure = (conditions: NamespaceCondition[]) =>
    conditions.find(({ type }) => type === 'NamespaceDeletionContentFailure')
  expect(failure(first)?.message).toBe('Failed to delete all resource types, 2 remaining: a is stuck, b is stuck')
  expect(failure(second)).toMatchObject({
    message: 'Failed to delete all resource types, 1 remaining: a is stuck',
    lastTransitionTime: '2026-01-01T00:00:00Z',
  })
  expect(failure(told([], '2026-01-01T00:02:00Z', second))).toMatchObject({
    status: 'False',
    lastTransitionTime: '2026-01-01T00:02:00Z',
  })
})
