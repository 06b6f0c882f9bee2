import { expect, it } from 'vitest'
import { FakeClock } from '../../base/clock.ts'
import { StartTurns } from './start-turns.ts'

/** Starts that end when they are told to; `begun` says in which order they came to their turn. */
function starts(seats: number) {
  const clock = new FakeClock()
  const turns = new StartTurns({ clock, seats })
  const begun: string[] = []
  const ends = new Map<string, PromiseWithResolvers<void>>()
  return {
    clock,
    begun,
    start: async (what: 'sandbox' | 'container', name: string, until?: AbortSignal) => {
      const end = Promise.withResolvers<void>()
      ends.set(name, end)
      using _turn = await turns.take(what, until)
      begun.push(name)
      await end.promise
      return name
    },
    /** Its sandbox, something that needs no turn, and its containers. */
    startPod: async (name: string, containers: string[]) => {
      const steps = [name, `image of ${name}`, ...containers]
      for (const step of steps) ends.set(step, Promise.withResolvers<void>())
      const begin = (step: string) => {
        begun.push(step)
        return ends.get(step)?.promise
      }
      using turn = await turns.take('sandbox')
      await begin(name)
      await ends.get(`image of ${name}`)?.promise
      const until = new AbortController().signal
      await Promise.all(containers.map((step) => turns.runContainer(async () => begin(step), { until, turn })))
    },
    end: async (name: string) => {
      ends.get(name)?.resolve()
      await clock.advance(0)
    },
    fail: (name: string) => ends.get(name)?.reject(new Error(`no ${name}`)),
  }
}

it('starts as many as there are seats, and the others in the order in which they came', async () => {
  const { start, end, begun, clock } = starts(2)
  const all = ['a', 'b', 'c', 'd'].map((name) => start('sandbox', name))
  await clock.advance(0)
  expect(begun).toEqual(['a', 'b'])
  await end('b')
  expect(begun).toEqual(['a', 'b', 'c'])
  for (const name of ['a', 'c', 'd']) await end(name)
  expect(await Promise.all(all)).toEqual(['a', 'b', 'c', 'd'])
})

it('lets a pod that has its sandbox go before those that have none', async () => {
  const { start, end, begun } = starts(1)
  const all = [start('sandbox', 'a'), start('sandbox', 'b'), start('sandbox', 'c'), start('container', 'of a')]
  await end('a')
  await end('of a')
  expect(begun).toEqual(['a', 'of a', 'b'])
  for (const name of ['b', 'c']) await end(name)
  await Promise.all(all)
})

it('keeps the seat of a pod from its sandbox to its first container', async () => {
  const { startPod, end, begun } = starts(1)
  const all = [startPod('a', ['a1', 'a2']), startPod('b', ['b1'])]
  await end('a')
  expect(begun).toEqual(['a'])
  await end('image of a')
  expect(begun).toEqual(['a', 'a1'])
  await end('a1')
  expect(begun).toEqual(['a', 'a1', 'a2'])
  await end('a2')
  expect(begun).toEqual(['a', 'a1', 'a2', 'b'])
  for (const name of ['b', 'image of b', 'b1']) await end(name)
  await Promise.all(all)
})

it('lets others go on whose turn takes too long, and waits for another one then', async () => {
  const { startPod, end, begun, clock } = starts(1)
  const all = [startPod('a', ['a1']), startPod('b', ['b1'])]
  await end('a')
  await clock.advance(1000)
  expect(begun).toEqual(['a', 'b'])
  await end('image of a')
  await end('b')
  await end('image of b')
  expect(begun).toEqual(['a', 'b', 'b1'])
  await end('b1')
  expect(begun).toEqual(['a', 'b', 'b1', 'a1'])
  await end('a1')
  await Promise.all(all)
})

it('gives a seat on when a start fails, and tells who waited why', async () => {
  const { start, end, fail, begun } = starts(1)
  const first = start('sandbox', 'a')
  const second = start('sandbox', 'b')
  fail('a')
  await expect(first).rejects.toThrow('no a')
  expect(begun).toEqual(['a', 'b'])
  await end('b')
  await second
})

it('lets nobody wait for a start that hangs, and counts its seat once', async () => {
  const { start, end, begun, clock } = starts(1)
  const all = ['hangs', 'b', 'c', 'd'].map((name) => start('sandbox', name))
  await clock.advance(999)
  expect(begun).toEqual(['hangs'])
  await clock.advance(1)
  expect(begun).toEqual(['hangs', 'b'])
  await end('hangs')
  expect(begun).toEqual(['hangs', 'b'])
  for (const name of ['b', 'c', 'd']) await end(name)
  expect(await Promise.all(all)).toEqual(['hangs', 'b', 'c', 'd'])
})

it('lets go who is not wanted any more before the turn has come, and brings to its end what has begun', async () => {
  const { start, end, begun } = starts(1)
  const [a, b] = [new AbortController(), new AbortController()]
  const first = start('sandbox', 'a', a.signal)
  const second = start('sandbox', 'b', b.signal)
  const third = start('sandbox', 'c')
  for (const one of [a, b]) one.abort(new Error('ends'))
  await expect(second).rejects.toThrow('ends')
  await expect(start('sandbox', 'd', b.signal)).rejects.toThrow('ends')
  await end('a')
  expect(await first).toBe('a')
  await end('c')
  expect(await third).toBe('c')
  expect(begun).toEqual(['a', 'c'])
})
