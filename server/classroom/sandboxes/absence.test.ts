import { afterEach, beforeEach, expect, it } from 'vitest'
import { FakeClock } from '../../base/clock.ts'
import { Absence } from './absence.ts'
import type { SandboxPool } from './sandbox-pool.ts'

const MINUTE = 60_000
let clock: FakeClock
let holders: SandboxPool['holders']
let did: string[]
let absence: Absence

const open = (
  told: { pauseAfterMs?: number; stopAfterMs?: number } = { pauseAfterMs: 15 * MINUTE, stopAfterMs: 60 * MINUTE },
) =>
  new Absence({
    pool: {
      get holders() {
        return holders
      },
    },
    sleep: async (id, machines) => {
      did.push(`${machines} ${id}`)
      const others = holders.filter(({ learnerId }) => learnerId !== id)
      if (machines === 'pause') holders = [...others, { learnerId: id, is: 'paused' }]
      // The seat is the next one's.
      else holders = others.map((each) => (each.is === 'waiting' ? { ...each, is: 'awake' } : each))
    },
    leaveLine: async (id) => {
      did.push(`leave ${id}`)
      holders = holders.filter(({ learnerId }) => learnerId !== id)
    },
    pauseAfterMs: told.pauseAfterMs,
    stopAfterMs: told.stopAfterMs,
    clock,
  })

beforeEach(() => {
  clock = new FakeClock()
  holders = [{ learnerId: 'ada', is: 'awake' }]
  did = []
  absence = open()
})
afterEach(() => absence[Symbol.dispose]())

it('lets a sandbox alone while something is done on a page, and through a reload', async () => {
  const page = absence.arrive('ada')
  for (let minutes = 0; minutes < 120; minutes += 10) {
    await clock.advance(10 * MINUTE)
    absence.stir('ada')
  }
  await clock.advance(14 * MINUTE)
  page[Symbol.dispose]()
  await clock.advance(14 * MINUTE)
  using _reloaded = absence.arrive('ada')
  await clock.advance(14 * MINUTE)
  expect(did).toEqual([])
})

it('pauses machines before which nobody does anything, though the page is open', async () => {
  using _page = absence.arrive('ada')
  await clock.advance(16 * MINUTE)
  expect(did).toEqual(['pause ada'])
  await clock.advance(60 * MINUTE)
  expect(did).toEqual(['pause ada', 'stop ada'])
})

it('pauses the machines of who is away, and puts them to disk later, each once', async () => {
  absence.arrive('ada')[Symbol.dispose]()
  await clock.advance(16 * MINUTE)
  expect(did).toEqual(['pause ada'])
  await clock.advance(60 * MINUTE)
  expect(did).toEqual(['pause ada', 'stop ada'])
})

it('lets whoever was woken be, though no page of theirs is open yet', async () => {
  await clock.advance(16 * MINUTE)
  expect(did).toEqual(['pause ada'])
  await clock.advance(40 * MINUTE)
  holders = [{ learnerId: 'ada', is: 'awake' }]
  await clock.advance(14 * MINUTE)
  expect(did).toEqual(['pause ada'])
  await clock.advance(2 * MINUTE)
  expect(did).toEqual(['pause ada', 'pause ada'])
})

it('counts from when it first misses somebody who never came', async () => {
  await clock.advance(14 * MINUTE)
  expect(did).toEqual([])
  await clock.advance(2 * MINUTE)
  expect(did).toEqual(['pause ada'])
})

it('puts as many to disk at once as others wait for seats, who is longest away first', async () => {
  holders = ['ada', 'bob', 'cy'].map((learnerId) => ({ learnerId, is: 'awake' as const }))
  absence.arrive('cy')[Symbol.dispose]()
  await clock.advance(5 * MINUTE)
  absence.arrive('ada')[Symbol.dispose]()
  await clock.advance(7 * MINUTE)
  using _bob = absence.arrive('bob')
  await clock.advance(9 * MINUTE)
  expect(did).toEqual(['pause cy', 'pause ada'])
  holders = [...holders, { learnerId: 'dot', is: 'waiting' }]
  using _dot = absence.arrive('dot')
  await clock.advance(MINUTE)
  expect(did.slice(2)).toEqual(['stop cy'])
})

it('gives the place in line of who has gone home to who is there, and puts nobody to disk for them', async () => {
  holders = [
    { learnerId: 'bob', is: 'waiting' },
    { learnerId: 'cy', is: 'waiting' },
  ]
  absence.arrive('bob')[Symbol.dispose]()
  using _cy = absence.arrive('cy')
  await clock.advance(MINUTE)
  expect(did).toEqual([])
  await clock.advance(2 * MINUTE)
  expect(did).toEqual(['leave bob'])
})

it('keeps the place in line of who only waits there, and gives whoever gets a seat as long as everybody', async () => {
  holders = [{ learnerId: 'bob', is: 'waiting' }]
  using _bob = absence.arrive('bob')
  await clock.advance(40 * MINUTE)
  holders = [{ learnerId: 'bob', is: 'awake' }]
  await clock.advance(14 * MINUTE)
  expect(did).toEqual([])
  await clock.advance(2 * MINUTE)
  expect(did).toEqual(['pause bob'])
})

it('lays nobody to rest where that was not asked for', async () => {
  absence[Symbol.dispose]()
  absence = open({})
  await clock.advance(2000 * MINUTE)
  expect(did).toEqual([])
})
