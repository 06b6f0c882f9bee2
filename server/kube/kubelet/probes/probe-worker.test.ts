import { expect, it } from 'vitest'
import { FakeClock } from '../../../base/clock.ts'
import { ProbeWorker } from './probe-worker.ts'
import type { ProbeAnswer } from './run-probe.ts'

/** One letter per question: success, failure, error. Returns the verdict after each. */
async function ask(kind: 'liveness' | 'readiness' | 'startup', letters: string, probe: object = {}) {
  const clock = new FakeClock()
  const answers = [...letters]
  const verdicts: string[] = []
  let asked = 0
  using worker = new ProbeWorker({
    kind,
    probe: { periodSeconds: 1, failureThreshold: 3, ...probe },
    clock,
    startedAt: clock.now(),
    initial: kind === 'liveness' ? 'success' : undefined,
    ask: async (): Promise<ProbeAnswer> => {
      const letter = answers[asked++]
      if (letter === 's') return { outcome: 'success' }
      return { outcome: letter === 'f' ? 'failure' : 'error', output: '' }
    },
    mayAsk: () => true,
    onAnswer: () => undefined,
    onVerdict: () => undefined,
  })
  await clock.advance(500)
  for (let i = 0; i < letters.length; i++) {
    verdicts.push({ success: 'S', failure: 'F' }[worker.verdict as string] ?? '-')
    await clock.advance(1000)
  }
  return { verdicts: verdicts.join(''), asked, pending: clock.pending }
}

it.each([
  { name: 'three failures in a row', kind: 'liveness' as const, answers: 'ffsfff', probe: {}, verdicts: 'SSSSSF' },
  { name: 'a success between', kind: 'readiness' as const, answers: 'sffsff', probe: {}, verdicts: 'SSSSSS' },
  {
    name: 'a success threshold',
    kind: 'readiness' as const,
    answers: 'sfss',
    probe: { successThreshold: 2 },
    verdicts: '---S',
  },
  { name: 'errors, which say nothing', kind: 'liveness' as const, answers: 'fefef', probe: {}, verdicts: 'SSSSF' },
])('judges $name', async ({ kind, answers, probe, verdicts }) => {
  expect((await ask(kind, answers, probe)).verdicts).toBe(verdicts)
})

it('asks no more once a container has started, or is to be killed', async () => {
  expect(await ask('startup', 'fss')).toMatchObject({ asked: 2, pending: 0 })
  expect(await ask('liveness', 'fffff')).toMatchObject({ asked: 3, pending: 0 })
})
