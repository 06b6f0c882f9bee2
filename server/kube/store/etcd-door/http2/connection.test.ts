// Node's own HTTP/2 client (nghttp2) as the other side; and one that keeps to nothing, byte by byte.

import { once } from 'node:events'
import { type ClientHttp2Session, type ClientHttp2Stream, connect as connectHttp2 } from 'node:http2'
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { Unread } from '../../../../base/unread.ts'
import { seededRandom } from '../../testing/seeded-random.ts'
import { Http2Connection } from './connection.ts'
import { ERRORS, FLAGS, FRAMES, type Frame, FrameReader, settings, u32 } from './frames.ts'
import { encodeHeaders } from './hpack.ts'
import { type Http2Stream, PackedHeaders } from './stream.ts'

let server: Server
let port: number
/** What lets the work for `/hold` end. */
const releases: (() => void)[] = []
/** Streams of `/hold` that are over, by their names. */
const closed: string[] = []
const sockets = new Set<Socket>()
const unread = new Unread()

const HEAD = new PackedHeaders({ ':status': '200' })
const TAIL = new PackedHeaders({ done: 'yes' })

/** `/echo` says what it is told, `/name` what it is called, `/large` ten times more than fits, `/hold` nothing. */
function serve(stream: Http2Stream, headers: ReadonlyMap<string, string>): void {
  const path = headers.get(':path')
  if (path === '/hold') {
    stream.work = new Promise((release) => releases.push(release))
    stream.onClose = () => closed.push(headers.get('name') ?? '')
    return
  }
  stream.respond(HEAD)
  if (path === '/echo') stream.onData = (bytes) => stream.write(Buffer.from(bytes))
  if (path === '/name') stream.write(Buffer.from(headers.get('name') ?? '', 'latin1'))
  if (path === '/large') stream.write(LARGE)
  stream.onEnd = () => stream.end(TAIL)
}

const LARGE = Buffer.alloc(700_000, 'large ')

beforeAll(async () => {
  server = createServer((socket) => {
    sockets.add(socket)
    new Http2Connection(socket.setNoDelay(true), serve, unread)
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  port = (server.address() as AddressInfo).port
})

afterAll(async () => {
  for (const socket of sockets) socket.destroy()
  server.close()
  await once(server, 'close')
})

async function withClient<T>(options: object, use: (client: ClientHttp2Session) => Promise<T>): Promise<T> {
  const client = connectHttp2(`http://127.0.0.1:${port}`, options)
  try {
    return await use(client)
  } finally {
    client.destroy()
  }
}

async function read(stream: ClientHttp2Stream): Promise<string> {
  const pieces: Buffer[] = []
  let trailers: unknown
  stream.on('trailers', (fields) => {
    trailers = fields.done
  })
  for await (const piece of stream) pieces.push(piece)
  expect(trailers).toBe('yes')
  return Buffer.concat(pieces).toString('latin1')
}

describe('a connection', () => {
  it('carries both ways at once, more than the windows hold', async () => {
    await withClient({ settings: { initialWindowSize: 1000 } }, async (client) => {
      const sent = Array.from({ length: 5 }, (_, i) => String(i).repeat(200_000))
      const answers = sent.map((text) => {
        const stream = client.request({ ':method': 'POST', ':path': '/echo' })
        stream.end(text)
        return read(stream)
      })
      const received = await Promise.all(answers)
      expect(received.map((text, i) => text === sent[i])).toEqual([true, true, true, true, true])
    })
  })

  it('takes more than it has granted at once', async () => {
    await withClient({ maxSessionMemory: 100 }, async (client) => {
      const answers = [1, 2, 3].map(() => {
        const stream = client.request({ ':method': 'POST', ':path': '/name', name: 'all of it' })
        stream.end(Buffer.alloc(7_000_000))
        return read(stream)
      })
      expect(await Promise.all(answers)).toEqual(['all of it', 'all of it', 'all of it'])
    })
  })

  it('understands every byte of a header, however it is packed', async () => {
    await withClient({}, async (client) => {
      const printable = Array.from({ length: 95 }, (_, i) => String.fromCharCode(32 + i))
      const others = Array.from({ length: 128 }, (_, i) => String.fromCharCode(128 + i))
      for (const name of [
        printable.join('').trim(),
        others.join(''),
        ...printable.slice(1).map((one) => one.repeat(3)),
      ]) {
        const stream = client.request({ ':method': 'POST', ':path': '/name', name })
        stream.end()
        expect(await read(stream)).toBe(name)
      }
    })
  })

  it('lets others go on while one does not read', async () => {
    await withClient({ settings: { initialWindowSize: 100_000 } }, async (client) => {
      await once(client, 'connect')
      client.setLocalWindowSize(10_000_000)
      const lazy = client.request({ ':method': 'POST', ':path': '/large' })
      lazy.end()
      await once(lazy, 'response')
      const other = client.request({ ':method': 'POST', ':path': '/large' })
      other.end()
      expect(await read(other)).toBe(LARGE.toString())
      expect(await read(lazy)).toBe(LARGE.toString())
    })
  })

  it('hangs up on who has most to read when all together have too much, and on nobody else', async () => {
    const ask = (client: ClientHttp2Session) => client.request({ ':path': '/large' }).on('error', () => {})
    const silent = (client: ClientHttp2Session, count: number) =>
      Promise.all(Array.from({ length: count }, () => once(ask(client), 'response')))
    const nobodyReads = { settings: { initialWindowSize: 0 } }
    await withClient(nobodyReads, (few) =>
      withClient(nobodyReads, async (many) => {
        await silent(few, 200)
        let isOver = false
        // It may be told that it was reset.
        many.on('error', () => {})
        const over = new Promise<void>((resolve) => {
          many.once('close', () => {
            isOver = true
            resolve()
          })
        })
        await silent(many, 500)
        expect(isOver).toBe(false)
        for (let count = 0; count < 100; count++) ask(many)
        await over
        expect(few.closed || few.destroyed).toBe(false)
        await silent(few, 1)
      }),
    )
    await withClient({}, async (client) => {
      expect(await read(client.request({ ':path': '/large' }))).toBe(LARGE.toString())
    })
  })

  it('gives each its turn where there is not room for all', async () => {
    await withClient({ settings: { initialWindowSize: 1_000_000 } }, async (client) => {
      const order: number[] = []
      const answers = [0, 1].map((which) => {
        const stream = client.request({ ':method': 'POST', ':path': '/large' })
        stream.end()
        stream.on('data', () => order.push(which))
        return once(stream, 'close')
      })
      await Promise.all(answers)
      expect(order.indexOf(1)).toBeLessThan(order.lastIndexOf(0))
      expect(order.indexOf(0)).toBeLessThan(order.lastIndexOf(1))
      expect(order.slice(0, -1).filter((which, at) => which !== order[at + 1]).length).toBeGreaterThan(4)
    })
  })

  it('answers pings, and headers that come in many pieces', async () => {
    await withClient({ maxSendHeaderBlockLength: 60_000 }, async (client) => {
      await once(client, 'connect')
      expect(await new Promise((resolve) => client.ping((error) => resolve(error)))).toBeNull()
      const name = '~'.repeat(25_000)
      const stream = client.request({ ':method': 'POST', ':path': '/name', name })
      stream.end()
      expect(await read(stream)).toBe(name)
    })
  })

  it('tells a stream once that it is over, be it broken off or lost with all others', async () => {
    closed.length = 0
    await withClient({}, async (client) => {
      const [cancelled, lost] = ['cancelled', 'lost'].map((name) => {
        return client.request({ ':method': 'POST', ':path': '/hold', name }).on('error', () => {})
      })
      cancelled?.close()
      while (closed.length < 1) await new Promise((resolve) => setImmediate(resolve))
      expect(lost?.destroyed).toBe(false)
    })
    while (closed.length < 2) await new Promise((resolve) => setImmediate(resolve))
    expect(closed).toEqual(['cancelled', 'lost'])
  })
})

function frame(type: number, flags: number, stream: number, payload: Buffer = Buffer.alloc(0)): Buffer {
  const head = Buffer.alloc(9)
  head.writeUIntBE(payload.length, 0, 3)
  head[3] = type
  head[4] = flags
  head.writeUInt32BE(stream, 5)
  return Buffer.concat([head, payload])
}

const PREFACE = Buffer.concat([Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'), frame(FRAMES.SETTINGS, 0, 0)])
const request = (id: number, path = '/echo', flags: number = FLAGS.END_HEADERS) =>
  frame(FRAMES.HEADERS, flags, id, encodeHeaders({ ':method': 'POST', ':path': path }))

/** What the server says to that until it has hung up, or `enough`. */
async function say(bytes: Buffer, enough: (frames: Frame[]) => boolean = () => false): Promise<Frame[]> {
  const socket = connect(port, '127.0.0.1')
  const frames: Frame[] = []
  const reader = new FrameReader('server')
  const over = new Promise<void>((resolve) => {
    socket.on('error', () => {})
    socket.on('close', resolve)
    socket.on('data', (chunk) => {
      reader.read(chunk, (each) => frames.push(each))
      if (enough(frames)) resolve()
    })
  })
  socket.write(bytes)
  await over
  socket.destroy()
  return frames
}

const data = (id: number, bytes: number, flags = 0) => frame(FRAMES.DATA, flags, id, Buffer.alloc(bytes))

describe('a client that keeps to nothing', () => {
  it.each<{ what: string; bytes: Buffer[]; code: keyof typeof ERRORS }>([
    { what: 'no frames', bytes: [Buffer.alloc(9, 0xff)], code: 'FRAME_SIZE_ERROR' },
    { what: 'a frame larger than all may be', bytes: [request(1), data(1, 16_385)], code: 'FRAME_SIZE_ERROR' },
    { what: 'contents of no stream', bytes: [data(1, 1)], code: 'PROTOCOL_ERROR' },
    { what: 'contents after the end', bytes: [request(1, '/hold', 5), data(1, 1)], code: 'STREAM_CLOSED' },
    { what: 'headers of nobody', bytes: [request(0)], code: 'PROTOCOL_ERROR' },
    { what: 'a stream of ours', bytes: [request(2)], code: 'PROTOCOL_ERROR' },
    { what: 'headers in the middle', bytes: [request(1), request(1)], code: 'PROTOCOL_ERROR' },
    { what: 'headers left unfinished', bytes: [request(1, '/echo', 0), data(1, 1)], code: 'PROTOCOL_ERROR' },
    { what: 'the rest of nothing', bytes: [frame(FRAMES.CONTINUATION, 4, 1)], code: 'PROTOCOL_ERROR' },
    {
      what: 'headers without end',
      bytes: [request(1, '/echo', 0), ...Array.from({ length: 200 }, () => frame(FRAMES.CONTINUATION, 0, 1))],
      code: 'ENHANCE_YOUR_CALM',
    },
    {
      what: 'headers that are none',
      bytes: [frame(FRAMES.HEADERS, 5, 1, u32(0xffff_ffff))],
      code: 'COMPRESSION_ERROR',
    },
    {
      what: 'more padding than payload',
      bytes: [request(1), frame(FRAMES.DATA, 8, 1, u32(0xff00_0000))],
      code: 'PROTOCOL_ERROR',
    },
    { what: 'a push', bytes: [frame(FRAMES.PUSH_PROMISE, 0, 1)], code: 'PROTOCOL_ERROR' },
    { what: 'a ping too long', bytes: [frame(FRAMES.PING, 0, 0, Buffer.alloc(9))], code: 'FRAME_SIZE_ERROR' },
    { what: 'settings cut short', bytes: [frame(FRAMES.SETTINGS, 0, 0, Buffer.alloc(5))], code: 'FRAME_SIZE_ERROR' },
    {
      what: 'a window too large',
      bytes: [frame(FRAMES.WINDOW_UPDATE, 0, 0, u32(2 ** 31 - 1))],
      code: 'FLOW_CONTROL_ERROR',
    },
    {
      what: 'windows too large',
      bytes: [frame(FRAMES.SETTINGS, 0, 0, settings({ INITIAL_WINDOW_SIZE: 2 ** 31 }))],
      code: 'FLOW_CONTROL_ERROR',
    },
    { what: 'room for nothing', bytes: [frame(FRAMES.WINDOW_UPDATE, 0, 0, u32(0))], code: 'PROTOCOL_ERROR' },
    { what: 'an end of no stream', bytes: [frame(FRAMES.RST_STREAM, 0, 7, u32(0))], code: 'PROTOCOL_ERROR' },
  ])('is told why, and hung up on: $what', async ({ bytes, code }) => {
    const frames = await say(Buffer.concat([PREFACE, ...bytes]))
    const last = frames.at(-1)
    expect(last && { type: last.type, code: last.payload.readUInt32BE(4) }).toEqual({
      type: FRAMES.GOAWAY,
      code: ERRORS[code],
    })
  })

  it('is given no more than ten thousand requests at once, also when it breaks them off', async () => {
    const ids = Array.from({ length: 10_001 }, (_, i) => 2 * i + 1)
    const broken = ids.flatMap((id) => [request(id, '/hold'), frame(FRAMES.RST_STREAM, 0, id, u32(8))])
    const isRefusal = ({ type }: Frame) => type === FRAMES.RST_STREAM
    const frames = await say(Buffer.concat([PREFACE, ...broken]), (all) => all.some(isRefusal))
    const refused = frames.filter(isRefusal).map(({ stream, payload }) => [stream, payload.readUInt32BE()])
    expect(refused).toEqual([[20_001, ERRORS.REFUSED_STREAM]])
    for (const release of releases) release()
  })

  it('changes the windows of all streams once a frame, to what it says last', async () => {
    const open = Array.from({ length: 1000 }, (_, i) => request(2 * i + 1, '/hold'))
    const windows = Array.from({ length: 1000 }, (_, i) => settings({ INITIAL_WINDOW_SIZE: 1_000_000 + i }))
    const many = Array.from({ length: 100 }, () => frame(FRAMES.SETTINGS, 0, 0, Buffer.concat(windows)))
    const last = [settings({ INITIAL_WINDOW_SIZE: 0 }), settings({ INITIAL_WINDOW_SIZE: 5 })]
    const bytes = [...open, ...many, frame(FRAMES.SETTINGS, 0, 0, Buffer.concat(last)), request(2001, '/large')]
    const before = process.cpuUsage()
    const frames = await say(Buffer.concat([PREFACE, ...bytes]), (all) => all.some(({ type }) => type === FRAMES.DATA))
    expect(process.cpuUsage(before).user).toBeLessThan(1_000_000)
    expect(frames.find(({ type }) => type === FRAMES.DATA)?.payload.length).toBe(5)
    for (const release of releases) release()
  })

  it('says whatever it likes, and others are served all the same', async () => {
    const random = seededRandom(7)
    const below = (most: number) => Math.floor(random() * most)
    for (let round = 0; round < 30; round++) {
      const frames = Array.from({ length: 1 + below(20) }, () => {
        const usual = [request(1 + 2 * below(4), '/echo', below(64)), data(1 + 2 * below(4), below(50), below(16))]
        const any = frame(
          below(11),
          below(256),
          below(9),
          Buffer.from(Array.from({ length: below(40) }, () => below(256))),
        )
        return [...usual, any][below(3)] as Buffer
      })
      const bytes = Buffer.concat([PREFACE, ...frames])
      for (let flips = below(3); flips > 0; flips--) bytes[24 + below(bytes.length - 24)] = below(256)
      const socket = connect(port, '127.0.0.1')
        .on('error', () => {})
        .resume()
      await new Promise<void>((resolve) => socket.write(bytes, () => resolve()))
      socket.destroy()
    }
    await withClient({}, async (client) => {
      const stream = client.request({ ':method': 'POST', ':path': '/echo' })
      stream.end('still there')
      expect(await read(stream)).toBe('still there')
    })
  })
})
