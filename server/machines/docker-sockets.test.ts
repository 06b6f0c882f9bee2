import { buffer } from 'node:stream/consumers'
import { expect, it } from 'vitest'
import { OutputOnly } from './docker-sockets.ts'

const frame = (kind: number, text: string) => {
  const header = Buffer.from([kind, 0, 0, 0, 0, 0, 0, 0])
  header.writeUInt32BE(text.length, 4)
  return Buffer.concat([header, Buffer.from(text)])
}
const sent = Buffer.concat([frame(1, 'HTTP/1.1 '), frame(2, 'socat: what?'), frame(1, ''), frame(1, '200 OK')])

it.each([1, 3, 8, 11, sent.length])('takes the output out of its frames, in pieces of %i bytes', async (size) => {
  const frames = new OutputOnly()
  for (let at = 0; at < sent.length; at += size) frames.write(sent.subarray(at, at + size))
  frames.end()
  expect(String(await buffer(frames))).toBe('HTTP/1.1 200 OK')
})
