// Port-forward over WebSocket as client libraries have it: the ports are named in the request, and one connection is made
// to each. Of the port named first, channel 0 is its data and channel 1 what went wrong, of the next one 2 and 3, and so on;
// the first message on each is the number of the port, in two bytes.
// Upstream: kubelet/pkg/cri/streaming/portforward/websocket.go.

import type { Duplex } from 'node:stream'
import type { WebSocket } from 'ws'
import { badRequest } from '../../apimachinery/status-error.ts'
import type { PortForwarder } from '../../container-runtime/container-runtime.ts'
import { framesOf, MessageQueue } from './websocket-frames.ts'

export const PORTS_PROTOCOLS = ['v4.channel.k8s.io', 'v4.base64.channel.k8s.io']

export function portsOf(query: URLSearchParams): number[] {
  const told = query.getAll('port')
  if (told.length === 0) throw badRequest('query parameter "port" is required')
  return told.flatMap((texts) => {
    if (texts === '') throw badRequest('query parameter "port" cannot be empty')
    return texts.split(',').map((text) => {
      const port = Number(text)
      if (!/^\d+$/.test(text) || port > 65_535) throw badRequest(`unable to parse ${JSON.stringify(text)} as a port`)
      if (port < 1) throw badRequest(`port ${JSON.stringify(text)} must be > 0`)
      return port
    })
  })
}

export interface PortsOptions {
  ports: readonly number[]
  sandboxId: string
  forwarder: PortForwarder
}

/** Ends when all connections have, or the client has gone. */
export async function serveWebSocketPorts(
  webSocket: WebSocket,
  { ports, sandboxId, forwarder }: PortsOptions,
): Promise<void> {
  const frames = framesOf(webSocket.protocol)
  const queue = new MessageQueue(webSocket)
  const send = (channel: number, content: Buffer) => queue.send(frames.write(channel, content)).catch(() => {})
  const sockets = new Map<number, Duplex>()
  /** What came before there was a connection. */
  const early = new Map<number, Buffer[]>(ports.map((_port, index) => [2 * index, []]))
  webSocket.on('message', (message: Buffer) => {
    const heard = frames.read(message)
    if (heard.content.length === 0) return
    const socket = sockets.get(heard.channel)
    if (!socket) early.get(heard.channel)?.push(heard.content)
    else if (!socket.write(heard.content)) {
      webSocket.pause()
      const resume = () => {
        socket.off('drain', resume).off('close', resume)
        webSocket.resume()
      }
      socket.on('drain', resume).on('close', resume)
    }
  })
  const gone = new Promise<void>((resolve) => webSocket.once('close', () => resolve()))
  void gone.then(() => {
    for (const socket of sockets.values()) socket.destroy()
    forwarder[Symbol.dispose]()
  })

  async function forward(port: number, index: number): Promise<void> {
    const [data, error] = [2 * index, 2 * index + 1]
    const number = Buffer.alloc(2)
    number.writeUInt16LE(port)
    await Promise.all([send(data, number), send(error, number)])
    try {
      const socket = await forwarder.connect(port)
      sockets.set(data, socket)
      // Both ways end together here: no message says that one of them has.
      socket.on('error', () => socket.destroy())
      for (const content of early.get(data) ?? []) socket.write(content)
      early.delete(data)
      for await (const chunk of socket as AsyncIterable<Buffer>) await send(data, chunk)
    } catch (err) {
      if (sockets.has(data)) return
      early.delete(data)
      await send(
        error,
        Buffer.from(`error forwarding port ${port} to pod ${sandboxId}, uid : ${(err as Error).message}`),
      )
    }
  }

  await Promise.race([gone, Promise.all(ports.map(forward))])
  queue.close()
}
