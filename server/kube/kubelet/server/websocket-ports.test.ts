import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { type Duplex, duplexPair } from 'node:stream'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { WebSocket, WebSocketServer } from 'ws'
import { PORTS_PROTOCOLS, portsOf, serveWebSocketPorts } from './websocket-ports.ts'

let server: WebSocketServer
beforeAll(async () => {
  const handleProtocols = (offered: Set<string>) => PORTS_PROTOCOLS.find((one) => offered.has(one)) ?? false
  server = new WebSocketServer({ port: 0, host: '127.0.0.1', handleProtocols })
  await once(server, 'listening')
})
afterAll(() => new Promise<void>((closed) => server.close(() => closed())))

/** A client of ports of a pod in which nobody listens at 81; the pod's ends of its connections by port, and ours. */
async function forwarded(ports: number[], protocol = 'v4.channel.k8s.io', listens: Promise<void> = Promise.resolve()) {
  const connected = once(server, 'connection')
  const client = new WebSocket(`ws://127.0.0.1:${(server.address() as AddressInfo).port}`, protocol)
  const heard = new Map<number, string>()
  client.on('message', (data: Buffer, isBinary) => {
    const message = isBinary
      ? data
      : Buffer.concat([data.subarray(0, 1), Buffer.from(String(data.subarray(1)), 'base64')])
    const channel = isBinary ? message[0]! : Number(String(message.subarray(0, 1)))
    heard.set(channel, (heard.get(channel) ?? '') + message.subarray(1).toString('latin1'))
  })
  const [socket] = (await connected) as [WebSocket]
  const peers = new Map<number, Duplex>()
  const sockets = new Map<number, Duplex>()
  let isDisposed = false
  const done = serveWebSocketPorts(socket, {
    ports,
    sandboxId: 'abc',
    forwarder: {
      async connect(port) {
        await listens
        if (port === 81) throw new Error('connect: connection refused')
        const [mine, theirs] = duplexPair()
        peers.set(port, mine)
        sockets.set(port, theirs)
        return theirs
      },
      [Symbol.dispose]: () => {
        isDisposed = true
      },
    },
  })
  await once(client, 'open')
  return { client, socket, heard, peers, sockets, done, isDisposed: () => isDisposed }
}
const until = async (holds: () => boolean) => {
  while (!holds()) await new Promise((again) => setImmediate(again))
}
const textOf = async (peer: Duplex | undefined, length: number) => {
  let text = ''
  while (text.length < length) text += String(await once(peer!, 'data'))
  return text
}

describe('ports over WebSocket', () => {
  it('has a channel for each port’s data, which begins with its number, and ends with them', async () => {
    const { client, heard, peers } = await forwarded([80, 8080])
    await until(() => peers.size === 2)
    client.send(Buffer.from('\u0002to 8080'))
    expect(await textOf(peers.get(8080), 7)).toBe('to 8080')
    client.send(Buffer.from('\u0000to 80'))
    expect(await textOf(peers.get(80), 5)).toBe('to 80')
    peers.get(80)?.end('from 80')
    peers.get(8080)?.end('from 8080')
    await once(client, 'close')
    expect(Object.fromEntries(heard)).toEqual({ 0: 'P\0from 80', 1: 'P\0', 2: '\x90\x1ffrom 8080', 3: '\x90\x1f' })
  })

  it('says on the channel beside it why a port is not reached, and goes on with others', async () => {
    const listens = Promise.withResolvers<void>()
    const { client, socket, heard, peers } = await forwarded([81, 80], 'v4.base64.channel.k8s.io', listens.promise)
    const early = once(socket, 'message')
    client.send(`2${Buffer.from('hello').toString('base64')}`)
    await early
    listens.resolve()
    await until(() => peers.has(80))
    expect(await textOf(peers.get(80), 5)).toBe('hello')
    peers.get(80)?.end('bye')
    await once(client, 'close')
    expect(heard.get(1)).toBe('Q\0error forwarding port 81 to pod abc, uid : connect: connection refused')
    expect(heard.get(2)).toBe('P\0bye')
  })

  it('hangs up in the pod when the client has gone', async () => {
    const { client, peers, sockets, done, isDisposed } = await forwarded([80])
    await until(() => peers.size === 1)
    client.send(Buffer.from('\u0000x'))
    await textOf(peers.get(80), 1)
    client.terminate()
    await done
    expect([sockets.get(80)?.destroyed, isDisposed()]).toEqual([true, true])
  })

  it.each([
    ['', 'query parameter "port" is required'],
    ['port=', 'query parameter "port" cannot be empty'],
    ['port=http', 'unable to parse "http" as a port'],
    ['port=80,0', 'port "0" must be > 0'],
    ['port=70000', 'unable to parse "70000" as a port'],
  ])('refuses %j', (query, message) => {
    expect(() => portsOf(new URLSearchParams(query))).toThrow(message)
  })
})
