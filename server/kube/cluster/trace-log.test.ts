import { expect, it } from 'vitest'
import { FakeClock } from '../../base/clock.ts'
import type { TraceEvent } from '../../base/trace.ts'
import { type TraceBatch, TraceLog } from './trace-log.ts'

const event = (at: number): TraceEvent => ({
  type: 'loop',
  at,
  client: 'kube-scheduler',
  queue: [],
  queueLength: 0,
  cacheRevision: at,
})

function start(capacity?: number) {
  const clock = new FakeClock()
  const log = new TraceLog({ clock, ...(capacity ? { capacity } : {}) })
  const seen: { seq: number; at: number[]; missed: boolean }[] = []
  const listener = ({ seq, events, missed }: TraceBatch) => seen.push({ seq, at: events.map((e) => e.at), missed })
  return { clock, log, seen, listener }
}

it('hands a burst out as one batch and loses nothing between batches', async () => {
  const { clock, log, seen, listener } = start()
  log.watch(0, listener)
  log.emit(event(1))
  log.emit(event(2))
  await clock.advance(100)
  log.emit(event(3))
  await clock.advance(100)
  expect(seen).toEqual([
    { seq: 2, at: [1, 2], missed: false },
    { seq: 3, at: [3], missed: false },
  ])
})

it('says whether anybody is looking', () => {
  const { log, listener } = start()
  expect(log.isWatched).toBe(false)
  const watch = log.watch(0, listener)
  expect(log.isWatched).toBe(true)
  watch[Symbol.dispose]()
  expect(log.isWatched).toBe(false)
})

it('begins after the sequence number that a returning watcher names', async () => {
  const { log, seen, listener } = start()
  for (const at of [1, 2, 3]) log.emit(event(at))
  log.watch(2, listener)
  expect(seen).toEqual([{ seq: 3, at: [3], missed: false }])
})

it('says so when what was asked for is no longer kept', () => {
  const { log, seen, listener } = start(2)
  for (const at of [1, 2, 3, 4]) log.emit(event(at))
  log.watch(1, listener)
  expect(seen).toEqual([{ seq: 4, at: [3, 4], missed: true }])
})

it('leaves no timer behind when nobody watches', async () => {
  const { clock, log, listener } = start()
  const watch = log.watch(0, listener)
  watch[Symbol.dispose]()
  log.emit(event(1))
  expect(clock.pending).toBe(0)
})
