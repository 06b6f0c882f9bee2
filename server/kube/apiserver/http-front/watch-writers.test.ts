import { expect, it } from 'vitest'
import type { Outgoing } from './read-request.ts'
import { WatchWriters } from './watch-writers.ts'

const watcher = () => {
  const heard: string[] = []
  let isEnded = false
  const response = {
    writableLength: 0,
    write: (piece: Buffer) => heard.push(piece.toString()),
    end: (piece?: Buffer) => {
      if (piece) heard.push(piece.toString())
      isEnded = true
    },
  } as unknown as Outgoing
  return { response, heard, isEnded: () => isEnded }
}
const turn = () => new Promise((resolve) => setImmediate(resolve))
const [a, b, c] = ['a', 'b', 'c'].map((text) => Buffer.from(text)) as [Buffer, Buffer, Buffer]

it('sends in one piece, in order, what has come for a watcher in one turn', async () => {
  const writers = new WatchWriters()
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
  const { response, heard, isEnded } = watcher()
  const writer = new WatchWriters().of(response)
  writer.write(a)
  writer.end(b)
  await turn()
  expect(heard).toEqual(['ab'])
  expect(isEnded()).toBe(true)
})

it('writes nothing to a watcher that has gone', async () => {
  const { response, heard } = watcher()
  const writer = new WatchWriters().of(response)
  writer.write(a)
  writer.take()
  await turn()
  expect(heard).toEqual([])
})
