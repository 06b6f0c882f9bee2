import { describe, expect, it } from 'vitest'
import type { Lab } from '../labs/lab.ts'
import { followLab } from './follow-learner.ts'
import { type LearnerNow, tileOf, wallOf } from './wall.ts'

const MINUTE = 60_000
const questions = [{ kind: 'predict', id: 'who', question: 'Who?', options: ['A', 'B'], answer: 1, explanation: '' }]
const lab = {
  id: 'pods',
  number: '3',
  title: 'Pods',
  steps: [
    { number: 1, title: 'One', questions, checks: [] },
    { number: 2, title: 'Two', questions: [], checks: [] },
  ],
} as unknown as Lab

const failing = followLab(
  undefined,
  {
    labId: 'pods',
    step: 1,
    steps: 2,
    done: false,
    checks: [{ id: 'c', state: 'failed', aim: 'A Pod', message: 'None.' }],
  },
  0,
)

const learner = (name: string, over: Partial<LearnerNow> = {}): LearnerNow => ({
  learnerId: name,
  name,
  sessionId: null,
  presence: { here: true, leftAt: 0 },
  facts: undefined,
  hand: undefined,
  sandbox: 'none',
  nodes: [],
  tabs: [],
  held: 0,
  paused: false,
  answers: {},
  ...over,
})

describe('a tile', () => {
  it.each<[string, Partial<LearnerNow>, number, string]>([
    ['has nobody behind it yet', { presence: { here: false, leftAt: 0 } }, 0, 'away'],
    ['has opened no lab', {}, 0, 'waiting'],
    ['has a check that fails', { facts: failing }, 5 * MINUTE, 'failing'],
    ['has had it for long', { facts: failing }, 7 * MINUTE, 'stuck'],
    [
      'went away, and is not called stuck',
      { facts: failing, presence: { here: false, leftAt: 9 } },
      7 * MINUTE,
      'offline',
    ],
    ['is done, also when gone', { facts: { ...failing, done: true }, presence: { here: false, leftAt: 9 } }, 0, 'done'],
  ])('%s', (_, over, now, state) => {
    expect(tileOf(learner('x', over), [lab], now).state).toBe(state)
  })
})

describe('the wall', () => {
  const wall = (learners: LearnerNow[], openLabId = '') =>
    wallOf({
      class: { id: 'c', name: 'C', openLabId, joinCode: null },
      learners,
      labs: [lab],
      announcement: null,
      usedPercent: 1,
      now: 0,
    })

  it('is at the lab that was opened, or else where most are, or nowhere', () => {
    expect(wall([learner('a')]).lab).toBeNull()
    expect(wall([learner('a', { facts: failing })]).lab?.id).toBe('pods')
    expect(wall([learner('a')], 'pods').lab?.steps).toEqual(['One', 'Two'])
  })

  it('counts what the class thought would happen, at the step where most are', () => {
    const { prediction } = wall([
      learner('a', { facts: failing, answers: { who: { choice: 1 } } }),
      learner('b', { facts: failing, answers: { who: { choice: 0 } } }),
      learner('c', { facts: failing }),
    ])
    expect(prediction).toEqual({
      step: 1,
      question: 'Who?',
      answered: 2,
      options: [
        { text: 'A', count: 1, correct: false },
        { text: 'B', count: 1, correct: true },
      ],
    })
  })
})
