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
  for (const frame of [a, b]) writers.write(one.response, frame)
  writers.write(other.response, b)
  await turn()
  writers.write(one.response, c)
  await turn()
  expect(one.heard).toEqual(['ab', 'c'])
  expect(other.heard).toEqual(['b'])
})

it('sends what waits before it ends', async () => {
  const writers = new WatchWriters()
  const { response, heard, isEnded } = watcher()
  writers.write(response, a)
  writers.end(response, b)
  await turn()
  expect(heard).toEqual(['ab'])
  expect(isEnded()).toBe(true)
})

it('writes nothing to a watcher that has gone', async () => {
  const writers = new WatchWriters()
  const { response, heard } = watcher()
  writers.write(response, a)
  writers.drop(response)
  await turn()
  expect(heard).toEqual([])
})
