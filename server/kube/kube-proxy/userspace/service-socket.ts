// The socket behind which a Service's port is in mode userspace: it takes every call itself, makes one of its own to an
// endpoint, and hands on what both sides say. Upstream, until 1.25: pkg/proxy/userspace/proxysocket.go.

import { createSocket, type Socket as UdpSocket } from 'node:dgram'
import { once } from 'node:events'
import { connect, createServer, type Socket } from 'node:net'
import type { Clock } from '../../../base/clock.ts'
import type { Endpoint } from '../choose-endpoints.ts'
import type { RoundRobin } from './round-robin.ts'

export interface ServiceSocket {
  readonly port: number
  close(): Promise<void>
}

interface Options {
  /** Of the machine, or all of them: `0.0.0.0`, `::`. */
  address: string
  turns: RoundRobin
  clock: Clock
}

/** An endpoint that does not answer for so long is left for the next one. */
const PATIENCE_MS = [250, 500, 1000, 2000]
/** UDP has no end; an answer that comes later than this finds nobody. */
const UDP_IDLE_MS = 250

export async function openTcp({ address, turns, clock }: Options): Promise<ServiceSocket> {
  const open = new Set<Socket>()
  const keep = (socket: Socket) => {
    open.add(socket)
    socket.once('close', () => open.delete(socket))
  }
  const server = createServer({ allowHalfOpen: true, pauseOnConnect: true }, async (caller) => {
    keep(caller)
    caller.on('error', () => caller.destroy())
    const endpoint = await reach(turns, caller.remoteAddress ?? '', clock)
    if (!endpoint || caller.destroyed || !server.listening) {
      endpoint?.destroy()
      // With nobody there the call has been taken all the same; it ends at once.
      return void caller.destroy()
    }
    keep(endpoint)
    join(caller, endpoint)
  })
  server.listen({ port: 0, host: address, ipv6Only: true })
  await once(server, 'listening')
  return {
    port: (server.address() as { port: number }).port,
    close() {
      const closed = new Promise<void>((done) => server.close(() => done()))
      for (const socket of open) socket.destroy()
      return closed
    },
  }
}

async function reach(turns: RoundRobin, client: string, clock: Clock): Promise<Socket | undefined> {
  for (const [tries, patienceMs] of PATIENCE_MS.entries()) {
    const endpoint = turns.next(client, { isRetry: tries > 0 })
    if (!endpoint) return undefined
    const socket = await dial(endpoint, patienceMs, clock)
    if (socket) return socket
  }
  return undefined
}

function dial({ ip, port }: Endpoint, patienceMs: number, clock: Clock): Promise<Socket | undefined> {
  const socket = connect({ host: ip, port, allowHalfOpen: true })
  const patience = clock.setTimeout(() => socket.destroy(), patienceMs)
  return new Promise((resolve) => {
    socket.on('error', () => socket.destroy())
    socket.once('close', () => resolve(undefined))
    socket.once('connect', () => {
      patience[Symbol.dispose]()
      resolve(socket)
    })
  })
}

/** Each side hears when the other has said all, and may still answer; when one is lost, so is the other. */
function join(caller: Socket, endpoint: Socket): void {
  caller.pipe(endpoint)
  endpoint.pipe(caller)
  for (const [one, other] of [
    [caller, endpoint],
    [endpoint, caller],
  ] as const) {
    one.once('close', () => {
      // What it said last may still be on its way.
      if (!one.readableEnded || !one.writableFinished) other.destroy()
    })
  }
}

interface Flow {
  socket: UdpSocket
  idle: Disposable
}

export async function openUdp({ address, turns, clock }: Options): Promise<ServiceSocket> {
  const type = address.includes(':') ? 'udp6' : 'udp4'
  const server = createSocket({ type, ipv6Only: type === 'udp6' })
  /** By who called. */
  const flows = new Map<string, Flow>()
  const end = (caller: string) => {
    const flow = flows.get(caller)
    if (!flow) return
    flows.delete(caller)
    flow.idle[Symbol.dispose]()
    flow.socket.close()
  }
  const keepAlive = (caller: string, flow: Flow) => {
    flow.idle[Symbol.dispose]()
    flow.idle = clock.setTimeout(() => end(caller), UDP_IDLE_MS)
  }
  server.on('message', (packet, from) => {
    const caller = `${from.address} ${from.port}`
    const known = flows.get(caller)
    if (known) {
      keepAlive(caller, known)
      known.socket.send(packet)
      return
    }
    const endpoint = turns.next(from.address)
    if (!endpoint) return
    const socket = createSocket(type)
    const flow: Flow = { socket, idle: clock.setTimeout(() => end(caller), UDP_IDLE_MS) }
    flows.set(caller, flow)
    socket.on('error', () => end(caller))
    socket.on('message', (reply) => {
      keepAlive(caller, flow)
      server.send(reply, from.port, from.address)
    })
    socket.connect(endpoint.port, endpoint.ip, () => socket.send(packet))
  })
  server.bind(0, address)
  await once(server, 'listening')
  // A packet that could not be sent is the caller's to repeat.
  server.on('error', () => undefined)
  return {
    port: server.address().port,
    close() {
      for (const caller of flows.keys()) end(caller)
      return new Promise<void>((done) => server.close(() => done()))
    },
  }
}
