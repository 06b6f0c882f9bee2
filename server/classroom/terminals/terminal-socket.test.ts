import { EventEmitter } from 'node:events'
import { expect, it } from 'vitest'
import type { WebSocket } from 'ws'
import type { TerminalRoom } from './terminal-room.ts'
import { serveTerminal } from './terminal-socket.ts'

function opening() {
  const closedWith: number[] = []
  const socket = Object.assign(new EventEmitter(), {
    close: (code: number) => void closedWith.push(code),
    terminate: () => undefined,
    send: () => undefined,
  })
  const written: string[] = []
  const { promise, resolve } = Promise.withResolvers<TerminalRoom | undefined>()
  const room = {
    attach: async () => ({
      session: {
        write: (data: Buffer) => void written.push(`${data.length}`),
        resize: () => void written.push('size'),
      },
      [Symbol.dispose]: () => undefined,
    }),
  } as unknown as TerminalRoom
  const served = serveTerminal({
    socket: socket as unknown as WebSocket,
    rooms: { terminals: () => promise },
    tab: '1',
    lookerName: '',
    mayType: () => true,
  })
  const say = (data: Buffer, isBinary: boolean) => socket.emit('message', data, isBinary)
  const end = async () => {
    await new Promise(setImmediate)
    socket.emit('close')
    await served
  }
  return { say, there: () => resolve(room), end, written, closedWith }
}

it('hands on what came before the shell was there, in order', async () => {
  const { say, there, end, written, closedWith } = opening()
  say(Buffer.from('{"resize":{"columns":80,"rows":24}}'), false)
  say(Buffer.alloc(2 ** 20), true)
  there()
  await end()
  expect([written, closedWith]).toEqual([['size', '1048576'], []])
})

it.each([
  ['long ones', 2 ** 20, 100],
  ['empty ones', 0, 20_000],
])('lets go of whoever sends without end before the shell is there: %s', async (_, length, times) => {
  const { say, there, end, written, closedWith } = opening()
  for (let time = 0; time < times; time++) say(Buffer.alloc(length), true)
  there()
  await end()
  expect(closedWith).toContain(1009)
  expect(written.length).toBeLessThan(9_000)
  expect(written.reduce((sum, each) => sum + Number(each), 0)).toBeLessThan(3 * 2 ** 20)
})
