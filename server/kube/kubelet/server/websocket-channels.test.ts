import { once } from 'node:events'
import https from 'node:https'
import type { AddressInfo } from 'node:net'
import { PassThrough } from 'node:stream'
import { buffer } from 'node:stream/consumers'
import tls from 'node:tls'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { WebSocket, WebSocketServer } from 'ws'
import { testPki } from '../../apiserver/testing/test-pki.ts'
import { type CommandStatus, serveCommand } from './command-channels.ts'
import { COMMAND_PROTOCOLS, webSocketChannels } from './websocket-channels.ts'

const SUCCESS: CommandStatus = { metadata: {}, status: 'Success' }
const CLOSE_FRAME = 0x88
const FAILURE: CommandStatus = { metadata: {}, status: 'Failure', message: 'it went wrong' }

let server: WebSocketServer
beforeAll(async () => {
  const handleProtocols = (offered: Set<string>) => COMMAND_PROTOCOLS.find((one) => offered.has(one)) ?? false
  server = new WebSocketServer({ port: 0, host: '127.0.0.1', handleProtocols })
  await once(server, 'listening')
})
afterAll(() => new Promise<void>((closed) => server.close(() => closed())))

/** Types `in`, is answered `out`, and then `status`; all messages that the client got, as they came. */
async function session(protocol: string, status: CommandStatus, typed: Buffer | string) {
  const connected = once(server, 'connection')
  const client = new WebSocket(`ws://127.0.0.1:${(server.address() as AddressInfo).port}`, protocol)
  const messages: (Buffer | string)[] = []
  client.on('message', (data: Buffer, isBinary) => messages.push(isBinary ? data : data.toString()))
  const [socket] = (await connected) as [WebSocket]
  const { stdin, stdout, finish } = webSocketChannels(socket, { stdin: true, stdout: true, stderr: true })
  await once(client, 'open')
  client.send(typed)
  const [heard] = (await once(stdin!, 'data')) as [Buffer]
  await new Promise((written) => stdout!.write(Buffer.from('out'), written))
  const closed = once(client, 'close')
  finish(status)
  await closed
  return { heard: heard.toString(), messages }
}

const json = (status: CommandStatus) => JSON.stringify(status)
it.each([
  ['v5.channel.k8s.io', SUCCESS, json(SUCCESS)],
  ['v4.channel.k8s.io', FAILURE, json(FAILURE)],
  ['channel.k8s.io', FAILURE, 'it went wrong'],
  ['channel.k8s.io', SUCCESS, undefined],
])('speaks %s in bytes, and ends with what it has for that (%j)', async (protocol, status, lastWord) => {
  const { heard, messages } = await session(protocol, status, Buffer.from('\0in'))
  expect(heard).toBe('in')
  const end = lastWord === undefined ? [] : [`\u0003${lastWord}`]
  expect(messages.map(String)).toEqual(['\u0001', '\u0001out', ...end])
  expect(messages.every((message) => typeof message !== 'string')).toBe(true)
})

it.each([
  ['v4.base64.channel.k8s.io', json(FAILURE)],
  ['base64.channel.k8s.io', 'it went wrong'],
])('speaks %s in text', async (protocol, lastWord) => {
  const base64 = (text: string) => Buffer.from(text).toString('base64')
  const { heard, messages } = await session(protocol, FAILURE, `0${base64('in')}`)
  expect(heard).toBe('in')
  expect(messages).toEqual(['1', `1${base64('out')}`, `3${base64(lastWord)}`])
})

it('gives a command all that a client said before it hung up, whoever hears the answer', async () => {
  const connected = once(server, 'connection')
  const client = new WebSocket(`ws://127.0.0.1:${(server.address() as AddressInfo).port}`, 'v4.channel.k8s.io')
  const [socket] = (await connected) as [WebSocket]
  const channels = webSocketChannels(socket, { stdin: true, stdout: true, stderr: true })
  await once(client, 'open')
  const said = Buffer.alloc(1_000_000, 'x')
  for (let at = 0; at < 3; at++) client.send(Buffer.concat([Buffer.from([0]), said]))
  client.close()

  const [stdin, stderr] = [new PassThrough(), new PassThrough()]
  // What it hears it says, as `tee` does: nobody may hold it up.
  const stdout = stdin.pipe(new PassThrough())
  const copy = buffer(stdin)
  let wasKilled = false
  const kill = () => {
    wasKilled = true
    stderr.end()
  }
  const session = { stdin, stdout, stderr, resize: async () => undefined, exitCode: copy.then(() => 0), kill }
  await serveCommand(channels, { begin: async () => session, tty: false })
  expect((await copy).length).toBe(3 * said.length)
  expect(wasKilled).toBe(true)
})

it('lets go of what is typed after the input has ended', async () => {
  const connected = once(server, 'connection')
  const client = new WebSocket(`ws://127.0.0.1:${(server.address() as AddressInfo).port}`, 'v5.channel.k8s.io')
  const [socket] = (await connected) as [WebSocket]
  const { stdin } = webSocketChannels(socket, { stdin: true, stdout: true, stderr: false })
  await once(client, 'open')
  for (const message of ['\0in', '\u00ff\0', '\0more']) client.send(Buffer.from(message, 'latin1'))
  expect(String(await buffer(stdin!))).toBe('in')
  client.close()
  await once(client, 'close')
})

it('hears the farewell of a client that goes on talking when all is over', async () => {
  const connected = once(server, 'connection')
  const client = new WebSocket(`ws://127.0.0.1:${(server.address() as AddressInfo).port}`, 'v4.channel.k8s.io')
  const [socket] = (await connected) as [WebSocket]
  const { finish } = webSocketChannels(socket, { stdin: true, stdout: true, stderr: false })
  await once(client, 'open')
  const closed = once(socket, 'close')
  finish(SUCCESS)
  client.send(Buffer.from('\0more'))
  await once(socket, 'message')
  expect(socket.isPaused).toBe(false)
  await closed
})

it('hears what is sent as text where bytes are expected, as the official Python client does', async () => {
  expect((await session('v4.channel.k8s.io', SUCCESS, '\0in')).heard).toBe('in')
})

it('sends each message in a TLS record of its own: some clients do not see what shares one with what they read', async () => {
  const { certPem, keyPem } = await (await testPki()).issue('node-1')
  const front = https.createServer({ cert: certPem, key: keyPem })
  front.on('upgrade', (...upgrade) => {
    server.handleUpgrade(...upgrade, (socket) => {
      const { stdout, stderr, finish } = webSocketChannels(socket, { stdin: false, stdout: true, stderr: true })
      stdout?.write(Buffer.from('out'))
      stderr?.write(Buffer.from('err'))
      finish(SUCCESS)
    })
  })
  front.listen(0, '127.0.0.1')
  await once(front, 'listening')
  const client = tls.connect({ port: (front.address() as AddressInfo).port, rejectUnauthorized: false })
  client.write(
    'GET / HTTP/1.1\r\nHost: node-1\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n' +
      `Sec-WebSocket-Key: ${'A'.repeat(22)}==\r\nSec-WebSocket-Protocol: v4.channel.k8s.io\r\n\r\n`,
  )
  const records: Buffer[] = []
  // A read ends where the record does.
  client.on('data', (record) => {
    records.push(record)
    if (record[0] === CLOSE_FRAME) client.end()
  })
  await once(client, 'close')
  front.close()
  expect(records.slice(1, -1).map((record) => String(record.subarray(2)))).toEqual([
    '\u0001',
    '\u0001out',
    '\u0002err',
    `\u0003${json(SUCCESS)}`,
  ])
})
