import type { IncomingMessage, ServerResponse } from 'node:http'
import { Readable } from 'node:stream'
import { expect, it } from 'vitest'
import { Unfinished } from '../../../base/unfinished.ts'
import { Unread } from '../../../base/unread.ts'
import { http1Exchange, http2Exchange } from './exchange.ts'
import { MessageReader } from './grpc-server.ts'
import { type Carrier, Http2Stream } from './http2/stream.ts'

const MB = 1024 * 1024
/** Of all; the same memory for each that sends it. */
const ROOM = 256 * MB
const half = Buffer.alloc(MB)
half.writeUInt32BE(MB, 1)

const TOO_MANY = 'etcdserver: too many requests'
const turn = () => new Promise((resolve) => setImmediate(resolve))

const carrier: Carrier = {
  room: 0,
  waitForRoom: () => undefined,
  sendHeaders: () => undefined,
  sendData: () => undefined,
  hold: () => undefined,
  finish: () => undefined,
}

interface Sender {
  outcome: Promise<string>
  /** Has no more to say: over HTTP/2 nobody is answered before. */
  end: () => void
  goAway: () => void
}

/** Each sends half a message. */
const ways: Record<string, (unfinished: Unfinished) => Sender> = {
  'a call by gRPC': (unfinished) => {
    const reader = new MessageReader(unfinished)
    reader.add(half)
    const read = async () => String(reader.next())
    const outcome = read().catch((error: Error) => error.message)
    return { outcome, end: () => undefined, goAway: () => reader.close() }
  },
  'JSON over HTTP/1.1': (unfinished) => {
    const request = new Readable({ read() {} })
    const told = { unread: new Unread(), unfinished }
    const exchange = http1Exchange(request as IncomingMessage, {} as ServerResponse, told)
    const outcome = exchange.body().then(String, (error: Error) => error.message)
    request.push(half)
    return { outcome, end: () => undefined, goAway: () => request.destroy(new Error('gone')) }
  },
  'JSON over HTTP/2': (unfinished) => {
    const stream = new Http2Stream(1, carrier, 0)
    const exchange = http2Exchange(stream, new Map(), unfinished)
    stream.onData(half)
    const outcome = exchange.body().then(String, (error: Error) => error.message)
    return { outcome, end: () => stream.onEnd(), goAway: () => stream.close() }
  },
}

it.each(Object.keys(ways))(
  'refuses %s that never ends once there is no room, and not when others have gone',
  async (name) => {
    const unfinished = new Unfinished()
    const sent = Array.from({ length: ROOM / MB }, () => ways[name]!(unfinished))
    await turn()
    expect(unfinished.take(0)).toBe(true)
    const late = ways[name]!(unfinished)
    await turn()
    late.end()
    expect(await late.outcome).toBe(TOO_MANY)
    for (const one of [...sent, late]) one.goAway()
    await turn()
    expect(unfinished.take(ROOM), 'all is given back').toBe(true)
  },
)
