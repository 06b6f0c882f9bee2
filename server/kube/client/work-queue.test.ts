import { expect, it } from 'vitest'
import { FakeClock } from '../../base/clock.ts'
import { RateLimitingQueue } from './rate-limiting-queue.ts'
import { TokenBucket } from './token-bucket.ts'
import { WorkQueue } from './work-queue.ts'

it('keeps a key once, first come first served', () => {
  const queue = new WorkQueue()
  for (const key of ['a', 'b', 'a', 'c', 'b']) queue.add(key)
  expect(queue.keys).toEqual(['a', 'b', 'c'])
})

it('never hands a key to two workers, and loses no request made while one has it', () => {
  const queue = new WorkQueue()
  queue.add('a')
  expect(queue.take()).toBe('a')
  queue.add('a')
  queue.add('a')
  expect(queue.take()).toBeUndefined()
  queue.done('a')
  expect(queue.take()).toBe('a')
  queue.done('a')
  expect(queue.take()).toBeUndefined()
})

it('gives a waiting worker the next key, and tells it when none will come', async () => {
  const queue = new WorkQueue()
  const first = queue.get()
  const second = queue.get()
  queue.add('a')
  expect(await first).toBe('a')
  queue.shutDown()
  expect(await second).toBeUndefined()
  queue.add('b')
  expect(queue.length).toBe(0)
})

it('adds later at the earliest time asked for', async () => {
  const clock = new FakeClock()
  const queue = new RateLimitingQueue(clock)
  queue.addAfter('a', 100)
  queue.addAfter('a', 50)
  queue.addAfter('a', 200)
  await clock.advance(49)
  expect(queue.length).toBe(0)
  await clock.advance(1)
  expect(queue.keys).toEqual(['a'])
  queue.shutDown()
  expect(clock.pending).toBe(0)
})

it('doubles the wait with each failure of a key, until the key is forgotten', async () => {
  const clock = new FakeClock()
  const queue = new RateLimitingQueue(clock)
  const waits: number[] = []
  const fail = async () => {
    queue.addRateLimited('a')
    let waited = 0
    while (queue.length === 0) {
      await clock.advance(5)
      waited += 5
    }
    waits.push(waited)
    queue.done(queue.take() ?? '')
  }
  for (let failure = 0; failure < 5; failure++) await fail()
  queue.forget('a')
  await fail()
  expect(waits).toEqual([5, 10, 20, 40, 80, 5])
})

it('lets all failures together through only ten a second, after a burst of a hundred', () => {
  const bucket = new TokenBucket({ clock: new FakeClock(), perSecond: 10, burst: 100 })
  const waits = Array.from({ length: 103 }, () => bucket.reserve())
  expect(waits.filter((wait) => wait === 0)).toHaveLength(100)
  expect(waits.slice(100)).toEqual([100, 200, 300])
})
