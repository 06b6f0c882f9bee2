import { expect, it } from 'vitest'
import { FakeClock } from '../../base/clock.ts'
import { Metrics } from '../../base/metrics.ts'
import { QueueMetrics } from './queue-metrics.ts'
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

it('counts what comes, how long it waits and is worked on, and what is asked for later', async () => {
  const clock = new FakeClock()
  const metrics = new Metrics()
  const queue = new RateLimitingQueue(clock, { metrics: new QueueMetrics(metrics, clock, 'job') })
  const told = (name: string) =>
    Number(new RegExp(`^workqueue_${name}\\{name="job"\\} (.*)$`, 'm').exec(metrics.text())?.[1])
  queue.add('a')
  queue.add('a')
  queue.add('b')
  expect([told('adds_total'), told('depth')]).toEqual([2, 2])
  await clock.advance(3000)
  queue.take()
  await clock.advance(500)
  queue.take()
  expect(told('depth')).toBe(0)
  expect(told('queue_duration_seconds_sum')).toBe(6.5)
  // Asked for again while it is worked on: it waits, though not in the line yet.
  queue.add('a')
  expect(told('depth')).toBe(1)
  await clock.advance(1000)
  expect([told('longest_running_processor_seconds'), told('unfinished_work_seconds')]).toEqual([1.5, 2.5])
  queue.done('a')
  queue.done('b')
  expect([told('work_duration_seconds_count'), told('work_duration_seconds_sum')]).toEqual([2, 2.5])
  queue.addRateLimited('b')
  queue.addAfter('c', 10)
  expect([told('retries_total'), told('adds_total')]).toEqual([2, 3])
  queue.shutDown()
  expect(told('depth')).toBe(0)
})
