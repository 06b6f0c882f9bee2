// In a process of its own: what is drawn at random in it comes from the seed, so nobody else may draw.
// PODIUM_SEED has a storm again, PODIUM_SIMULATIONS has more of them: npm run test:long.

import { beforeAll, describe, expect, it } from 'vitest'
import type { Transport } from '../../client/transport.ts'
import { firstDifference } from './chronicle.ts'
import { PLANTED_BUGS } from './planted-bugs.ts'
import { simulate } from './simulation.ts'

const SEED = Number(process.env.PODIUM_SEED ?? 1)
const STORMS = Number(process.env.PODIUM_SIMULATIONS ?? 6)
/** Of storms that a planted bug may get through unnoticed. */
const LUCK = 25
/** Taken before a storm puts its own in its place. */
const dieOfMyOwn = Math.random

it(`comes through ${STORMS} storms (PODIUM_SEED=${SEED})`, async () => {
  const failed: string[][] = []
  for (let seed = SEED; seed < SEED + STORMS; seed++) {
    const { problems } = await simulate(seed)
    if (problems.length > 0) failed.push([`PODIUM_SEED=${seed}`, ...problems])
  }
  expect(failed).toEqual([])
})

describe('a storm of a seed', () => {
  let story: readonly string[]

  beforeAll(async () => {
    story = (await simulate(SEED)).story
  })

  it('is the same again, to the last request and to what lies on the disk', async () => {
    expect(story.some((line) => line.includes('the disk holds'))).toBe(true)
    expect(firstDifference(story, (await simulate(SEED)).story)).toBeUndefined()
  })

  it('tells where it goes another way when somebody throws dice of their own', async () => {
    const breaksNowAndThen = (transport: Transport): Transport => ({
      ...transport,
      request: async (request) => {
        if (dieOfMyOwn() < 0.01) throw new Error('read ECONNRESET')
        return transport.request(request)
      },
    })
    const other = await simulate(SEED, { transport: breaksNowAndThen })
    expect(firstDifference(story, other.story)).toMatchObject({ at: expect.any(Number) })
  })
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
