// Asks other servers what the cluster does not know. Where none is told, the world has no names here.
// Upstream: CoreDNS' plug-in forward.

import { createSocket } from 'node:dgram'
import { connect, isIPv6 } from 'node:net'
import * as packet from 'dns-packet'
import type { Clock } from '../../base/clock.ts'
import { ForwardCache } from './forward-cache.ts'

const PATIENCE_MS = 2_000
const SERVFAIL = 2

export class Forwarder {
  readonly #servers: readonly string[]
  readonly #clock: Clock
  readonly #cache: ForwardCache

  /** Addresses, each with or without a port: `10.0.0.2`, `10.0.0.2:5353`. */
  constructor(servers: readonly string[], clock: Clock) {
    this.#servers = servers
    this.#clock = clock
    this.#cache = new ForwardCache(clock)
  }

  /** What is remembered, or the first answer that comes from one server after another; SERVFAIL when there is none. */
  async ask(query: Buffer, transport: 'udp' | 'tcp'): Promise<Buffer> {
    const asked = packet.decode(query)
    const known = this.#cache.get(asked, transport)
    if (known) return known
    for (const server of this.#servers) {
      const answer = await (transport === 'udp' ? this.#askUdp(server, query) : this.#askTcp(server, query))
      if (!answer) continue
      this.#cache.put(asked, transport, answer)
      return answer
    }
    const { id, questions, flags = 0 } = asked
    const kept = flags & packet.RECURSION_DESIRED
    return packet.encode({
      type: 'response',
      ...(id !== undefined && { id }),
      questions: questions ?? [],
      flags: kept | SERVFAIL,
    })
  }

  #askUdp(server: string, query: Buffer): Promise<Buffer | undefined> {
    const { host, port } = addressOf(server)
    const socket = createSocket(isIPv6(host) ? 'udp6' : 'udp4')
    const { promise, resolve } = Promise.withResolvers<Buffer | undefined>()
    const patience = this.#clock.setTimeout(() => resolve(undefined), PATIENCE_MS)
    socket.once('error', () => resolve(undefined))
    socket.on('message', (answer) => {
      if (answer.length > 2 && answer.readUInt16BE(0) === query.readUInt16BE(0)) resolve(answer)
    })
    // Connected, it hears of nobody else, and at once when nobody is there.
    socket.connect(port, host, () => socket.send(query))
    return promise.finally(() => {
      patience[Symbol.dispose]()
      socket.close()
    })
  }

  #askTcp(server: string, query: Buffer): Promise<Buffer | undefined> {
    const { promise, resolve } = Promise.withResolvers<Buffer | undefined>()
    const socket = connect(addressOf(server))
    let heard: Buffer = Buffer.alloc(0)
    const patience = this.#clock.setTimeout(() => resolve(undefined), PATIENCE_MS)
    socket.once('error', () => resolve(undefined))
    socket.once('close', () => resolve(undefined))
    socket.on('data', (data) => {
      heard = Buffer.concat([heard, data])
      if (heard.length >= 2 && heard.length >= 2 + heard.readUInt16BE(0))
        resolve(heard.subarray(2, 2 + heard.readUInt16BE(0)))
    })
    const size = Buffer.alloc(2)
    size.writeUInt16BE(query.length)
    socket.write(Buffer.concat([size, query]))
    return promise.finally(() => {
      patience[Symbol.dispose]()
      socket.destroy()
    })
  }
}

function addressOf(server: string): { host: string; port: number } {
  const [, host = server, port = '53'] = /^\[?([^\]]+?)\]?:(\d+)$/.exec(isIPv6(server) ? '' : server) ?? []
  return { host, port: Number(port) }
}
