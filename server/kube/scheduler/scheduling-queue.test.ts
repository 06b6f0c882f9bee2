import type { Pod } from 'kubernetes-types/core/v1'
import { expect, it } from 'vitest'
import { FakeClock } from '../../base/clock.ts'
import { type QueuedPod, SchedulingQueue } from './scheduling-queue.ts'

const pod = (name: string, priority = 0): Pod => ({
  metadata: { name, namespace: 'default', uid: name },
  spec: { containers: [], priority },
})
const start = () => {
  const clock = new FakeClock()
  return { clock, queue: new SchedulingQueue(clock, () => undefined) }
}
const pop = (queue: SchedulingQueue) => queue.pop() as QueuedPod

it('hands out by priority, then who came first', async () => {
  const { clock, queue } = start()
  for (const [name, priority] of [
    ['a', 0],
    ['b', 5],
    ['c', 0],
    ['d', 9],
  ] as const) {
    queue.add(pod(name, priority))
    await clock.advance(1)
  }
  expect(queue.next()).toEqual(['default/d', 'default/b', 'default/a', 'default/c'])
})

it('keeps the order of pods that come in one moment, also when one of them goes', () => {
  const { queue } = start()
  const all = Array.from({ length: 20 }, (_, at) => pod(`p${at}`))
  for (const one of all) queue.add(one)
  queue.delete(all[7]!)
  queue.add(all[3]!)
  expect(queue.next(3)).toEqual(['default/p0', 'default/p1', 'default/p2'])
  const turns = Array.from({ length: queue.length }, () => pop(queue).key.slice('default/p'.length))
  expect(turns).toEqual(
    [...all.keys()]
      .filter((at) => at !== 7 && at !== 3)
      .concat(3)
      .map(String),
  )
  expect(queue.pop()).toBeUndefined()
})

it('keeps what fitted nowhere until an event may help, and then as long as others are in line', async () => {
  const { clock, queue } = start()
  queue.add(pod('a'))
  queue.putAside(pop(queue), new Set(['NodeResourcesFit']))
  await clock.advance(10_000)
  expect(queue.counts).toEqual({ active: 0, backoff: 0, unschedulable: 1 })
  queue.wake(({ rejectedBy }) => rejectedBy.has('TaintToleration'), 5, 'NodeAdd')
  expect(queue.counts.unschedulable).toBe(1)
  queue.wake(({ rejectedBy }) => rejectedBy.has('NodeResourcesFit'), 7, 'NodeAdd')
  expect(queue.counts.active).toBe(1)
  const again = pop(queue)
  expect(again.because).toBe(7)
  queue.putAside(again, new Set(['NodeResourcesFit']))
  queue.add(pod('b'))
  queue.wake(() => true, 8, 'NodeAdd')
  expect(queue.counts).toEqual({ active: 1, backoff: 1, unschedulable: 0 })
  expect(queue.next()).toEqual(['default/b', 'default/a'])
  expect([pop(queue).key, pop(queue).key]).toEqual(['default/b', 'default/a'])
  expect(queue.counts.backoff).toBe(0)
})

it('is woken by a change of its own that may help, also by one while it was decided about', () => {
  const { queue } = start()
  queue.add(pod('a'))
  queue.putAside(pop(queue), new Set(['X']))
  queue.update(pod('a'), () => false, 'UnschedulablePodUpdate')
  expect(queue.counts.unschedulable).toBe(1)
  queue.update(pod('a'), ({ rejectedBy }) => rejectedBy.has('X'), 'UnschedulablePodUpdatePodLabel')
  expect(queue.counts.unschedulable).toBe(0)
  const again = pop(queue)
  queue.update(pod('a'), ({ rejectedBy }) => rejectedBy.has('Y'), 'UnschedulablePodUpdatePodLabel')
  queue.putAside(again, new Set(['Y']))
  expect(queue.counts.unschedulable).toBe(0)
})

it('lets those go first whose back-off is over first, in one second the more important', async () => {
  const { clock, queue } = start()
  await clock.advance(500)
  for (const [name, priority] of [
    ['early', 0],
    ['late', 0],
    ['important', 5],
  ] as const) {
    queue.add(pod(name, priority))
    queue.putAside(pop(queue), new Set(['X']))
    await clock.advance(name === 'early' ? 600 : 10)
  }
  queue.wake(() => true, 1, 'NodeAdd')
  queue.delete(pod('nobody'))
  expect(queue.next()).toEqual(['default/early', 'default/important', 'default/late'])
  await clock.advance(1000)
  expect(queue.counts).toEqual({ active: 3, backoff: 0, unschedulable: 0 })
  expect(queue.length).toBe(3)
})

it('waits out the back-off after an error', async () => {
  const { clock, queue } = start()
  queue.add(pod('a'))
  queue.putBack(pop(queue))
  expect(queue.length).toBe(0)
  await clock.advance(999)
  expect(queue.pop()).toBeUndefined()
  await clock.advance(1)
  expect(pop(queue).key).toBe('default/a')
})

it('waits longer after each refusal, and after an error by how many there were in a row', async () => {
  const { clock, queue } = start()
  const waits = async () => {
    let seconds = 0
    for (; queue.counts.active === 0; seconds++) await clock.advance(1000)
    return seconds
  }
  const refused = async () => {
    queue.putAside(pop(queue), new Set(['X']))
    queue.wake(() => true, 1, 'NodeAdd')
    return waits()
  }
  const failed = async () => {
    queue.putBack(pop(queue))
    return waits()
  }
  queue.add(pod('a'))
  expect([await refused(), await refused(), await failed(), await failed(), await refused(), await failed()]).toEqual([
    1, 2, 1, 2, 4, 1,
  ])
})

it('lets a pod that had its turn go behind those that came meanwhile', async () => {
  const { clock, queue } = start()
  queue.add(pod('tried'))
  const tried = pop(queue)
  await clock.advance(10)
  queue.add(pod('new'))
  await clock.advance(10)
  queue.putAside(tried, new Set(['X']))
  queue.activate(tried.pod)
  expect(queue.next()).toEqual(['default/new', 'default/tried'])
})

it('gives a pod its turn at once that is activated', () => {
  const { queue } = start()
  for (const name of ['aside', 'back']) queue.add(pod(name))
  queue.putAside(pop(queue), new Set(['X']))
  queue.putBack(pop(queue))
  for (const name of ['aside', 'back', 'nobody']) queue.activate(pod(name))
  expect(queue.counts).toEqual({ active: 2, backoff: 0, unschedulable: 0 })
})

it('lets nobody wait longer than five minutes for an event', async () => {
  const { clock, queue } = start()
  queue.add(pod('a'))
  queue.putAside(pop(queue), new Set(['X']))
  await clock.advance(4.5 * 60_000)
  expect(queue.length).toBe(0)
  await clock.advance(60_000)
  expect(queue.length).toBe(1)
  queue.close()
  expect(clock.pending).toBe(0)
})

it('does not bring back a pod that was deleted while it was being decided about', () => {
  const { queue } = start()
  queue.add(pod('a'))
  const queued = pop(queue)
  queue.delete(queued.pod)
  queue.putBack(queued)
  queue.putAside(queued, new Set())
  expect(queue.counts).toEqual({ active: 0, backoff: 0, unschedulable: 0 })
})

it('keeps a pod asleep while room is made for it, and then remembers what happened meanwhile', async () => {
  const { clock, queue } = start()
  queue.add(pod('a'))
  const queued = pop(queue)
  queue.putAside(queued, new Set(['NodeResourcesFit']))
  const release = queue.detain(queued)
  await clock.advance(5000)
  queue.wake(() => true, 9, 'NodeAdd')
  expect(queue.counts.unschedulable).toBe(1)
  release()
  expect(pop(queue)).toMatchObject({ key: 'default/a', because: 9 })
})

it('looks through what happened while it was decided about a pod, before it is put aside', () => {
  const { queue } = start()
  for (const name of ['a', 'b', 'c']) queue.add(pod(name))
  const [a, b, c] = [pop(queue), pop(queue), pop(queue)]
  queue.wake(({ rejectedBy }) => rejectedBy.has('NodeResourcesFit'), 7, 'NodeAdd')
  queue.putAside(a, new Set(['NodeResourcesFit']))
  queue.putAside(b, new Set(['TaintToleration']))
  expect(queue.counts).toEqual({ active: 0, backoff: 1, unschedulable: 1 })
  expect(a.because).toBe(7)
  queue.settled(c)
  queue.putBack(c)
  expect(queue.counts).toEqual({ active: 0, backoff: 2, unschedulable: 1 })
  // What was before its turn is no news to it.
  const again = pop(queue)
  queue.putAside(again, new Set(['NodeResourcesFit']))
  expect(queue.counts.unschedulable).toBe(2)
})
