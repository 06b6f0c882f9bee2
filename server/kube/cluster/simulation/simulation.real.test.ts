// In a process of its own: what is drawn at random in it comes from the seed, so nobody else may draw.
// PODIUM_SEED has a storm again, PODIUM_SIMULATIONS has more of them: npm run test:long.

import { describe, expect, it } from 'vitest'
import { PLANTED_BUGS } from './planted-bugs.ts'
import { simulate } from './simulation.ts'

const SEED = Number(process.env.PODIUM_SEED ?? 1)
const STORMS = Number(process.env.PODIUM_SIMULATIONS ?? 6)
/** Of storms that a planted bug may get through unnoticed. */
const LUCK = 25

it(`comes through ${STORMS} storms (PODIUM_SEED=${SEED})`, async () => {
  for (let seed = SEED; seed < SEED + STORMS; seed++) {
    expect((await simulate(seed)).problems, `PODIUM_SEED=${seed}`).toEqual([])
  }
})

it('does the same again for the same seed', async () => {
  expect(await simulate(SEED)).toEqual(await simulate(SEED))
})

describe('a planted bug is noticed', () => {
  it.each(PLANTED_BUGS)('$name', async ({ plant, sabotage, noticed, from = 1 }) => {
    using _bug = plant?.()
    for (let seed = from; seed < from + LUCK; seed++) {
      // A store that cannot be opened any more ends a storm at once.
      const { problems } = await simulate(seed, sabotage).catch((err) => ({ problems: [String(err)] }))
      if (problems.length > 0) return expect(problems.join('\n'), `seed ${seed}`).toMatch(noticed)
    }
    expect.fail(`not within ${LUCK} storms`)
  })
})
