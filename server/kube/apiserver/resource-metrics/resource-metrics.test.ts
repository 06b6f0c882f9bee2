import { expect, it } from 'vitest'
import { FakeClock, settlePromises } from '../../../base/clock.ts'
import { noLogger } from '../../../base/logger.ts'
import { ResourceMetrics } from './resource-metrics.ts'

it('asks few kubelets at once, however many Nodes there are, and all of them', async () => {
  const waiting: (() => void)[] = []
  const asked: string[] = []
  const metrics = new ResourceMetrics({
    clock: new FakeClock(),
    logger: noLogger,
    nodes: () => Array.from({ length: 50 }, (_, at) => ({ metadata: { name: `node-${at}` } })),
    textOf: ({ metadata }) => {
      asked.push(metadata?.name ?? '')
      return new Promise((resolve) => waiting.push(() => resolve('')))
    },
    isKnown: () => true,
  })
  void metrics.now()
  let most = 0
  while (asked.length < 50 || waiting.length > 0) {
    await settlePromises()
    most = Math.max(most, waiting.length)
    for (const answer of waiting.splice(0)) answer()
  }
  expect(most).toBe(8)
  expect(new Set(asked).size).toBe(50)
})
