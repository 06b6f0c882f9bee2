import { expect, it } from 'vitest'
import { Unread } from '../../../base/unread.ts'
import type { OutgoingEvent } from '../request-path/answer.ts'
import type { Outgoing } from './read-request.ts'
import { WatchWriters } from './watch-writers.ts'

const watcher = (told: { unread?: number } = {}) => {
  const heard: string[] = []
  let isOver = false
  const response = {
    writableLength: told.unread ?? 0,
    write: (piece: Buffer) => heard.push(piece.toString()),
    destroy: () => {
      isOver = true
    },
    end: (piece?: Buffer) => {
      if (piece) heard.push(piece.toString())
      isOver = true
    },
  } as unknown as Outgoing
  return { response, heard, isOver: () => isOver }
}
const turn = () => new Promise((resolve) => setImmediate(resolve))
const [a, b, c] = ['a', 'b', 'c'].map((text) => Buffer.from(text)) as [Buffer, Buffer, Buffer]

/** An event whose bytes are its name. */
const event = (name: string): OutgoingEvent => ({ type: 'ADDED', object: { metadata: { name } } })

function channelOf(writers: WatchWriters, view: object = {}, form = 'json') {
  let made = 0
  const channel = writers.channelOf(view, form, ({ object }) => {
    made++
    return Buffer.from(object.metadata?.name ?? '')
  })
  return { channel, made: () => made }
}

it('sends in one piece, in order, what has come for a watcher in one turn', async () => {
  const writers = new WatchWriters(new Unread())
  const [one, other] = [watcher(), watcher()]
  const writer = writers.of(one.response)
  for (const frame of [a, b]) writer.write(frame)
  writers.of(other.response).write(b)
  await turn()
  writer.write(c)
  await turn()
  expect(one.heard).toEqual(['ab', 'c'])
  expect(other.heard).toEqual(['b'])
})

it('sends what waits before it ends', async () => {
  const writers = new WatchWriters(new Unread())
  const { response, heard, isOver } = watcher()
  const writer = writers.of(response)
  const { channel } = channelOf(writers)
  writer.join(channel)
  writer.write(a)
  channel.event(event('b'))
  writer.end(c)
  channel.event(event('d'))
  await turn()
  expect(heard).toEqual(['abc'])
  expect(isOver()).toBe(true)
})

it('writes nothing to a watcher that has gone', async () => {
  const writers = new WatchWriters(new Unread())
  const { response, heard } = watcher()
  const writer = writers.of(response)
  const { channel } = channelOf(writers)
  writer.join(channel)
  writer.write(a)
  channel.event(event('b'))
  writer.drop()
  await turn()
  expect(heard).toEqual([])
})

it('makes the bytes of an event once for all in a channel, and others for another view or form', async () => {
  const writers = new WatchWriters(new Unread())
  const view = {}
  const { channel, made } = channelOf(writers, view)
  const all = Array.from({ length: 5 }, () => watcher())
  for (const { response } of all) writers.of(response).join(channel)
  for (const name of ['x', 'y']) channel.event(event(name))
  await turn()
  expect(all.map(({ heard }) => heard)).toEqual(all.map(() => ['xy']))
  expect(made()).toBe(2)
  expect(channelOf(writers, view).channel).toBe(channel)
  expect(channelOf(writers, view, 'protobuf').channel).not.toBe(channel)
  expect(channelOf(writers).channel).not.toBe(channel)
})

it('sends each watcher what came since it joined, once and in order, whatever comes in between for it alone', async () => {
  const writers = new WatchWriters(new Unread())
  const { channel } = channelOf(writers)
  const [early, late] = [watcher(), watcher()]
  const [first, second] = [writers.of(early.response), writers.of(late.response)]
  first.join(channel)
  channel.event(event('1'))
  first.write(a)
  channel.event(event('2'))
  second.join(channel)
  channel.event(event('3'))
  await turn()
  channel.event(event('4'))
  second.write(b)
  await turn()
  expect([early.heard.join(''), late.heard.join('')]).toEqual(['1a234', '34b'])
})

it('reaches thousands in turns, between which others get theirs, and nobody misses what comes meanwhile', async () => {
  const writers = new WatchWriters(new Unread())
  const { channel } = channelOf(writers)
  const many = Array.from({ length: 1000 }, () => watcher())
  for (const { response } of many) writers.of(response).join(channel)
  const alone = watcher()
  channel.event(event('1'))
  await turn()
  channel.event(event('2'))
  writers.of(alone.response).write(a)
  await turn()
  await turn()
  const done = () => many.filter(({ heard }) => heard.join('') === '12').length
  expect(alone.heard).toEqual(['a'])
  expect(done()).toBeGreaterThan(0)
  expect(done()).toBeLessThan(1000)
  for (let turns = 0; turns < 20; turns++) await turn()
  expect(done()).toBe(1000)
})

it('makes chunks itself, but for an answer that Node still keeps behind an earlier one', async () => {
  const writers = new WatchWriters(new Unread())
  const { response, heard } = watcher()
  const onSocket: string[] = []
  const state = Object.assign(response, { chunkedEncoding: true, socket: null as unknown })
  const writer = writers.of(response)
  const { channel } = channelOf(writers)
  writer.join(channel)
  channel.event(event('kept'))
  await turn()
  Object.assign(state, { socket: { write: (piece: Buffer) => onSocket.push(piece.toString()) } })
  channel.event(event('one'))
  channel.event(event('and two'))
  await turn()
  writer.end(b)
  expect(heard).toEqual(['kept', 'b'])
  expect(onSocket).toEqual(['a\r\noneand two\r\n'])
})

it('lets go of a watcher that does not read', async () => {
  const writers = new WatchWriters(new Unread())
  const { response, isOver } = watcher({ unread: 17 * 1024 * 1024 })
  writers.of(response).write(a)
  await turn()
  expect(isOver()).toBe(true)
})
