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
  await clock.advance(1)
  expect(expectations.satisfied('a')).toBe(true)
})
