import { describe, expect, it } from 'vitest'
import { followCommand, followLab, type LabStands, type LearnerFacts } from './follow-learner.ts'
import { inOrder, stuckness, type TileState } from './stuck.ts'

const MINUTE = 60_000

const lab = (state: 'ok' | 'waiting' | 'failed', over: Partial<LabStands> = {}): LabStands => ({
  labId: 'services',
  step: 3,
  steps: 6,
  done: false,
  checks: [{ id: 'reaches', state, aim: 'Service `web` has endpoints', message: 'It selects `app=wbe`.' }],
  ...over,
})

/** Commands typed once a minute from `from` on. */
const typing = (facts: LearnerFacts, texts: string[], from: number) =>
  texts.reduce((all, text, index) => followCommand(all, text, from + index * MINUTE), facts)

describe('what makes a learner stuck', () => {
  it.each<[string, LearnerFacts, number, string | undefined]>([
    ['not yet: the check failed five minutes ago', followLab(undefined, lab('failed'), 0), 5 * MINUTE, undefined],
    [
      'the same check fails for six minutes, and they try',
      typing(followLab(undefined, lab('failed'), 0), ['a', 'b', 'c', 'd', 'e', 'f'], 1),
      7 * MINUTE,
      '6 commands since, and the same check fails.',
    ],
    [
      'not by what a helper typed for them',
      ['ls', 'ls', 'ls', 'ls', 'ls'].reduce(
        (all, text) => followCommand(all, text, 0, 'Brindle'),
        followLab(undefined, lab('waiting'), 0),
      ),
      1,
      undefined,
    ],
    [
      'nothing was typed since it failed',
      followLab(undefined, lab('failed'), 0),
      9 * MINUTE,
      'Has not run a command for 9 min.',
    ],
    [
      'the same command five times, though the check only waits',
      typing(followLab(undefined, lab('waiting'), 0), ['curl web', 'curl web', 'curl web', 'curl web', 'curl web'], 0),
      5 * MINUTE,
      'Typed the same command 5 times.',
    ],
    ['a check that waits, however long', followLab(undefined, lab('waiting'), 0), 60 * MINUTE, undefined],
    ['all checks hold', followLab(undefined, lab('ok'), 0), 60 * MINUTE, undefined],
    ['the lab is done', followLab(undefined, lab('failed', { done: true }), 0), 60 * MINUTE, undefined],
  ])('%s', (_, facts, now, why) => {
    expect(stuckness(facts, now)?.why).toBe(why)
  })

  it('counts from when this check began to fail, also when its words change', () => {
    const first = followLab(undefined, lab('failed'), 1 * MINUTE)
    const reworded = followLab(
      first,
      lab('failed', { checks: [{ ...lab('failed').checks[0]!, message: 'Other.' }] }),
      4 * MINUTE,
    )
    expect(stuckness(reworded, 8 * MINUTE)?.since).toBe(1 * MINUTE)
  })

  it('begins anew when the check held in between, and at another step', () => {
    const failed = followLab(undefined, lab('failed'), 0)
    const again = followLab(followLab(failed, lab('ok'), 2 * MINUTE), lab('failed'), 3 * MINUTE)
    expect(stuckness(again, 8 * MINUTE)).toBeUndefined()
    expect(stuckness(followLab(failed, lab('failed', { step: 4 }), 5 * MINUTE), 8 * MINUTE)).toBeUndefined()
  })
})

describe('the order of the wall', () => {
  const tile = (name: string, state: TileState, stuckSince = 0, hand: { since: number } | null = null) => ({
    name,
    state,
    stuckSince,
    hand,
  })

  it('puts stuck first, longest on top, then hands, then by state, done last', () => {
    const wall = inOrder([
      tile('kelp', 'done'),
      tile('moss', 'working'),
      tile('flint', 'failing'),
      tile('larch', 'waiting', 0, { since: 3 }),
      tile('gorse', 'stuck', 500, { since: 1 }),
      tile('plover', 'offline'),
      tile('tansy', 'stuck', 100),
      tile('fern', 'away'),
    ])
    expect(wall.map(({ name }) => name)).toEqual(['tansy', 'gorse', 'larch', 'plover', 'flint', 'moss', 'fern', 'kelp'])
  })
})
