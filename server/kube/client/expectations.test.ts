import { expect, it } from 'vitest'
import { FakeClock } from '../../base/clock.ts'
import { Expectations } from './expectations.ts'

it('is satisfied when everything expected has been heard of, or has failed', () => {
  const expectations = new Expectations(new FakeClock())
  expect(expectations.satisfied('a')).toBe(true)
  expectations.expectCreations('a', 2)
  expectations.creationObserved('a')
  expect(expectations.satisfied('a')).toBe(false)
  expectations.creationObserved('a')
  expect(expectations.satisfied('a')).toBe(true)
})

it('counts a deletion once, however often it is heard of', () => {
  const expectations = new Expectations(new FakeClock())
  expectations.expectDeletions('a', ['x', 'y'])
  expectations.deletionObserved('a', 'x')
  expectations.deletionObserved('a', 'x')
  expect(expectations.satisfied('a')).toBe(false)
  expectations.deletionObserved('a', 'y')
  expect(expectations.satisfied('a')).toBe(true)
})

it('gives up waiting for news that must have been lost', async () => {
  const clock = new FakeClock()
  const expectations = new Expectations(clock)
  expectations.expectCreations('a', 1)
  await clock.advance(5 * 60_000)
  expect(expectations.satisfied('a')).toBe(false)
  expect(expectations.waitMs('a')).toBe(1)
  await clock.advance(1)
  expect(expectations.satisfied('a')).toBe(true)
})

it('hears of what owners of its kind have, and takes what is on its way out for gone', () => {
  const expectations = new Expectations(new FakeClock())
  const pod = (uid: string, kind: string, deletionTimestamp?: string) => ({
    metadata: {
      namespace: 'default',
      uid,
      ownerReferences: [{ apiVersion: 'batch/v1', kind, name: 'a', uid: '1', controller: true }],
      ...(deletionTimestamp ? { deletionTimestamp } : {}),
    },
  })
  expectations.expect('default/a', { creations: 1, deletions: ['x'] })
  expectations.heard({ type: 'added', object: pod('y', 'ReplicaSet'), initial: false }, 'Job')
  const going = pod('x', 'Job', '2026-01-01T00:00:00Z')
  expectations.heard({ type: 'updated', object: going, previous: pod('x', 'Job') }, 'Job')
  expect(expectations.satisfied('default/a')).toBe(false)
  expectations.heard({ type: 'added', object: pod('y', 'Job'), initial: false }, 'Job')
  expect(expectations.satisfied('default/a')).toBe(true)
})

it('hears of one that was made and told to go while no news came as both', () => {
  const expectations = new Expectations(new FakeClock())
  expectations.expectCreations('default/a', 1)
  const ownerReferences = [{ apiVersion: 'batch/v1', kind: 'Job', name: 'a', uid: '1', controller: true }]
  const metadata = { namespace: 'default', uid: 'x', deletionTimestamp: '2026-01-01T00:00:00Z', ownerReferences }
  expectations.heard({ type: 'added', object: { metadata }, initial: true }, 'Job')
  expect(expectations.satisfied('default/a')).toBe(true)
})
