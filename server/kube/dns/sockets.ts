// DNS over UDP and TCP on one address.

import { createSocket } from 'node:dgram'
import { createServer, type Socket } from 'node:net'
import type { Clock } from '../../base/clock.ts'

export type Answerer = (query: Buffer, transport: 'udp' | 'tcp') => Buffer | Promise<Buffer> | undefined

const IDLE_MS = 10_000
/** Of one connection at once; whoever asks more is not listened to before he has read. */
const MOST_UNSAID = 64
/** Whoever comes while so many are connected is sent away, and may ask again when some have said nothing for a while. */
const MOST_CONNECTIONS = 256

interface Options {
  address: string
  /** 0 for any that is free. */
  port: number
  clock: Clock
  answer: Answerer
}
type Queries = AsyncDisposable & { port: number }

const MOST_TRIES = 10

/** Rejects when the address cannot be had. */
export async function listenForQueries(options: Options): Promise<Queries> {
  for (let tries = 1; ; tries++) {
    try {
      return await listenOnBoth(options)
    } catch (err) {
      // A port that is free over UDP may be taken over TCP: there are others.
      const isTaken = (err as NodeJS.ErrnoException).code === 'EADDRINUSE'
      if (options.port !== 0 || !isTaken || tries === MOST_TRIES) throw err
    }
  }
}

async function listenOnBoth(options: Options): Promise<Queries> {
  const { address, clock, answer } = options
  const udp = createSocket('udp4')
  let isOpen = true
  udp.on('message', (query, from) => {
    const send = (reply: Buffer) => {
      if (isOpen) udp.send(reply, from.port, from.address)
    }
    const reply = answer(query, 'udp')
    // At once where it can be: most answers are.
    if (reply instanceof Promise) void reply.then(send)
    else if (reply) send(reply)
  })
  await new Promise<void>((resolve, reject) => {
    udp.once('error', reject)
    udp.bind(options.port, address, () => resolve())
  })
  // A reply that could not be sent is the asker's to repeat.
  udp.on('error', () => undefined)
  const { port } = udp.address()

  const sockets = new Set<Socket>()
  const tcp = createServer((socket) => {
    sockets.add(socket)
    socket.once('close', () => sockets.delete(socket))
    serveTcp(socket, { clock, answer })
  })
  tcp.maxConnections = MOST_CONNECTIONS
  await new Promise<void>((resolve, reject) => {
    const giveUp = (err: Error) => udp.close(() => reject(err))
    tcp.once('error', giveUp)
    tcp.listen(port, address, () => {
      tcp.off('error', giveUp)
      resolve()
    })
  })
  // Of one who connects and cannot be served.
  tcp.on('error', () => undefined)
  return {
    port,
    async [Symbol.asyncDispose]() {
      isOpen = false
      for (const socket of sockets) socket.destroy()
      await Promise.all([
        new Promise<void>((closed) => udp.close(() => closed())),
        new Promise<void>((closed) => tcp.close(() => closed())),
      ])
    },
  }
}

/** Each message has its length in two bytes before it. */
function serveTcp(socket: Socket, { clock, answer }: { clock: Clock; answer: Answerer }): void {
  let waiting: Buffer = Buffer.alloc(0)
  let idle = clock.setTimeout(() => socket.destroy(), IDLE_MS)
  // In the order in which they were asked.
  let said = Promise.resolve()
  let unsaid = 0
  const say = async (reply: Buffer | Promise<Buffer>) => {
    const bytes = await reply
    const size = Buffer.alloc(2)
    size.writeUInt16BE(bytes.length)
    // Until it is on its way: what nobody reads would gather here.
    if (!socket.destroyed) await new Promise((done) => socket.write(Buffer.concat([size, bytes]), done))
    unsaid--
    read()
  }
  const read = () => {
    if (socket.destroyed) return
    while (unsaid < MOST_UNSAID && waiting.length >= 2 && waiting.length >= 2 + waiting.readUInt16BE(0)) {
      const length = waiting.readUInt16BE(0)
      const reply = answer(waiting.subarray(2, 2 + length), 'tcp')
      waiting = waiting.subarray(2 + length)
      if (!reply) return void socket.destroy()
      unsaid++
      said = said.then(() => say(reply))
    }
    if (unsaid < MOST_UNSAID) socket.resume()
    else socket.pause()
  }
  socket.on('error', () => socket.destroy())
  socket.once('close', () => idle[Symbol.dispose]())
  socket.on('data', (chunk) => {
    idle[Symbol.dispose]()
    idle = clock.setTimeout(() => socket.destroy(), IDLE_MS)
    waiting = Buffer.concat([waiting, chunk])
    read()
  })
}
