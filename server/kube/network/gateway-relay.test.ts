// Between the two loopback addresses: what is said to that of IPv6 is heard at that of IPv4.

import { createSocket, type Socket as Datagrams } from 'node:dgram'
import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Server } from 'node:net'
import { text } from 'node:stream/consumers'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { FakeClock } from '../../base/clock.ts'
import { noLogger } from '../../base/logger.ts'
import { runGatewayRelay } from './gateway-relay.ts'

let clock: FakeClock
let streams: Server
let datagrams: Datagrams
let relay: AsyncDisposable
let tcpPort: number
let udpPort: number
/** What the gateway was asked over UDP, and from which port. */
let asked: Map<string, number>
const callers: Datagrams[] = []

const start = () =>
  runGatewayRelay({
    ...{ address: '::1', gateway: '127.0.0.1', clock, logger: noLogger },
    ...{ tcpPorts: [tcpPort], udpPorts: [udpPort] },
  })
/** UDP comes last. */
async function isOpen(): Promise<void> {
  const socket = createSocket('udp6')
  callers.push(socket)
  let isAnswered = false
  socket.on('message', () => {
    isAnswered = true
  })
  await expect
    .poll(() => {
      if (!isAnswered) socket.send('are you there?', udpPort, '::1')
      return isAnswered
    })
    .toBe(true)
}

beforeEach(async () => {
  clock = new FakeClock()
  asked = new Map()
  streams = createServer({ allowHalfOpen: true }, (socket) => {
    void text(socket).then((asked) => socket.end(`heard ${asked}`))
  }).listen(0, '127.0.0.1')
  await once(streams, 'listening')
  datagrams = createSocket('udp4')
  datagrams.on('message', (question, { port, address }) => {
    asked.set(String(question), port)
    datagrams.send(`heard ${question}`, port, address)
  })
  datagrams.bind(0, '127.0.0.1')
  await once(datagrams, 'listening')
  tcpPort = (streams.address() as AddressInfo).port
  udpPort = datagrams.address().port
  relay = start()
  await isOpen()
})
afterEach(async () => {
  await relay[Symbol.asyncDispose]()
  for (const socket of [datagrams, ...callers.splice(0)]) await new Promise<void>((closed) => socket.close(closed))
  await new Promise((closed) => streams.close(closed))
})

function caller(): { ask(words: string): Promise<string> } {
  const socket = createSocket('udp6')
  callers.push(socket)
  return {
    async ask(words) {
      const answered = once(socket, 'message') as Promise<[Buffer]>
      socket.send(words, udpPort, '::1')
      return String((await answered)[0])
    },
  }
}

it('hands on what is said over TCP, both ways, and the end of each', async () => {
  const socket = connect({ host: '::1', port: tcpPort, allowHalfOpen: true })
  socket.end('a question')
  expect(await text(socket)).toBe('heard a question')
})

it('closes for whoever calls when nobody listens at the gateway', async () => {
  await new Promise((closed) => streams.close(closed))
  const socket = connect({ host: '::1', port: tcpPort })
  expect(await text(socket).catch(() => '')).toBe('')
  streams.listen(tcpPort, '127.0.0.1')
  await once(streams, 'listening')
})

it('answers each caller over UDP what it asked, from a port of its own that is given back when nothing more comes', async () => {
  const [one, other] = [caller(), caller()]
  expect(await Promise.all([one.ask('a'), other.ask('b')])).toEqual(['heard a', 'heard b'])
  expect(await one.ask('c')).toBe('heard c')
  expect(asked.get('c')).toBe(asked.get('a'))
  expect(asked.get('b')).not.toBe(asked.get('a'))
  await clock.advance(5_000)
  expect(clock.pending).toBe(0)
  expect(await one.ask('d')).toBe('heard d')
})

it('waits for a port that somebody else has, and is there when it is free', async () => {
  const late = start()
  await clock.advance(10_000)
  await relay[Symbol.asyncDispose]()
  relay = late
  const ask = async () => {
    await clock.advance(2_000)
    const socket = connect({ host: '::1', port: tcpPort, allowHalfOpen: true })
    socket.end('a question')
    return text(socket).catch(() => '')
  }
  await expect.poll(ask).toBe('heard a question')
})
