import { describe, expect, it } from 'vitest'
import type { Claim } from '../../kinds/devices/device-objects.ts'
import { hasBindingConditions, isReadyToBind, isStuck } from './binding-conditions.ts'

const SINCE = '2026-01-01T00:00:00Z'
const result = { request: 'x', driver: 'd.io', pool: 'p', device: 'a' }
const wanting = { ...result, bindingConditions: ['Attached', 'Warm'], bindingFailureConditions: ['Broken'] }
const condition = (type: string, status = 'True') => ({
  type,
  status,
  reason: 'Because',
  message: 'of "it"',
  lastTransitionTime: SINCE,
})
const claim = (results: object[], conditions?: object[], device = 'a'): Claim =>
  ({
    metadata: { name: 'c' },
    status: {
      allocation: { devices: { results }, allocationTimestamp: SINCE },
      ...(conditions ? { devices: [{ driver: 'd.io', pool: 'p', device, conditions }] } : {}),
    },
  }) as Claim

describe('a claim', () => {
  it.each<[string, Claim, boolean]>([
    ['is not ready without devices', { metadata: { name: 'c' } }, false],
    ['is ready when nothing is waited for', claim([result]), true],
    ['is not ready when nothing is told', claim([wanting]), false],
    ['is not ready when another device is', claim([wanting], [condition('Attached'), condition('Warm')], 'b'), false],
    ['is not ready when only one is met', claim([wanting], [condition('Attached')]), false],
    ['is not ready when one is unmet', claim([wanting], [condition('Attached'), condition('Warm', 'False')]), false],
    ['is ready when all are met', claim([wanting], [condition('Attached'), condition('Warm')]), true],
    [
      'may have not failed',
      claim([wanting], [condition('Broken', 'False'), ...['Attached', 'Warm'].map((one) => condition(one))]),
      true,
    ],
  ])('%s', (_what, asked, isReady) => {
    expect(isReadyToBind(asked)).toBe(isReady)
  })

  it('says why it will never be ready, also when all else is', () => {
    const conditions = [condition('Attached'), condition('Warm'), condition('Broken')]
    const words = 'claim c binding failed: reason=Because, message="of \\"it\\""'
    expect(() => isReadyToBind(claim([wanting], conditions))).toThrow(words)
  })

  const at = (seconds: number) => Date.parse(SINCE) + seconds * 1000
  it.each<[string, Claim, number, boolean]>([
    ['that failed, at once', claim([wanting], [condition('Broken')]), at(1), true],
    ['that is not ready after ten minutes', claim([wanting]), at(601), true],
    ['not yet, within ten minutes', claim([wanting]), at(600), false],
    ['not one that is ready', claim([wanting], [condition('Attached'), condition('Warm')]), at(601), false],
    ['not one that waits for nothing', claim([result]), at(601), false],
  ])('is given up: %s', (_what, asked, now, expected) => {
    expect(isStuck(asked, now)).toBe(expected)
  })

  it('has conditions when one of its devices has', () => {
    expect([claim([result]), claim([result, wanting]), {}].map(hasBindingConditions)).toEqual([false, true, false])
  })
})
