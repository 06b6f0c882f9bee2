import { duplexPair } from 'node:stream'
import { buffer } from 'node:stream/consumers'
import { setImmediate as turn } from 'node:timers/promises'
import { beforeEach, describe, expect, it } from 'vitest'
import { CONTROL, controlFrame, FIN, uint32s } from './frames.ts'
import { HeaderPacker, HeaderUnpacker } from './header-blocks.ts'
import { SpdyConnection, type SpdyStream } from './spdy-connection.ts'
import { SpdyTestClient } from './spdy-test-client.ts'

describe('header blocks', () => {
  it('keep their meaning through one zlib stream, block after block', async () => {
    const packer = new HeaderPacker()
    const unpacker = new HeaderUnpacker()
    for (let round = 0; round < 50; round++) {
      const headers = { streamtype: round % 2 ? 'data' : 'error', port: '80', requestid: String(round) }
      const block = await packer.pack(headers)
      if (round > 2) expect(block.length).toBeLessThan(40)
      expect(await unpacker.unpack(block)).toEqual(headers)
    }
  })

  it('that are none are refused', async () => {
    await expect(new HeaderUnpacker().unpack(Buffer.from('no zlib at all'))).rejects.toThrow()
  })
})

describe('a SPDY connection', () => {
  let client: SpdyTestClient
  let connection: SpdyConnection
  let streams: SpdyStream[]
  beforeEach(() => {
    client = new SpdyTestClient()
    streams = []
    connection = new SpdyConnection(client.transport, ({ streamtype }) =>
      streamtype === 'unwanted' ? undefined : (stream) => streams.push(stream),
    )
  })
  const opened = (count: number) => client.until(() => streams.length === count)

  it('makes a Duplex of each stream: both ways, each half by itself', async () => {
    const id = await client.open({ streamType: 'data' })
    client.say(id, 'to the ')
    client.say(id, 'server', { fin: true })
    await opened(1)
    expect(streams[0]!.headers).toEqual({ streamtype: 'data' })
    expect((await buffer(streams[0]!)).toString()).toBe('to the server')
    streams[0]!.end('to the client')
    await client.until(() => client.heard(id).fin)
    expect(client.heard(id)).toEqual({ text: 'to the client', fin: true, wasReset: false })
  })

  it('answers that a stream is open before anything is said on it', async () => {
    const id = await client.open({ streamType: 'data' }, FIN)
    await opened(1)
    streams[0]!.end('quick')
    await client.until(() => client.heard(id).fin)
    const order = client.frames.map((frame) => (frame.type === 'data' ? 'data' : frame.kind))
    expect(order.slice(0, 2)).toEqual([CONTROL.synReply, 'data'])
    expect((await buffer(streams[0]!)).length).toBe(0)
  })

  it('refuses a stream that nobody wants, and understands the headers of the next', async () => {
    const refused = await client.open({ streamType: 'unwanted', padding: 'x'.repeat(500) })
    await client.open({ streamType: 'data', padding: 'x'.repeat(500) })
    await opened(1)
    expect(client.heard(refused).wasReset).toBe(true)
    expect(streams[0]!.headers.padding).toBe('x'.repeat(500))
  })

  it('answers pings', async () => {
    client.write(controlFrame(CONTROL.ping, uint32s(1)))
    await client.until(() => client.frames.length === 1)
    expect(client.frames[0]).toMatchObject({ kind: CONTROL.ping, body: uint32s(1) })
  })

  it('stops reading while a stream is not read, and goes on when it is', async () => {
    const id = await client.open({ streamType: 'data' })
    await opened(1)
    const piece = Buffer.alloc(64 * 1024)
    let sent = 0
    for (let idle = 0; idle < 20; ) {
      if (client.say(id, piece)) idle = 0
      else idle++
      sent += piece.length
      await turn()
    }
    expect(streams[0]!.readableLength).toBeLessThanOrEqual(1024 * 1024 + piece.length)
    client.say(id, 'last', { fin: true })
    expect((await buffer(streams[0]!)).length).toBe(sent + 4)
  })

  it('says that it broke off when a stream is given up half way', async () => {
    const id = await client.open({ streamType: 'data' })
    await opened(1)
    streams[0]!.destroy()
    await client.until(() => client.heard(id).wasReset)
  })

  it('lets go of a stream that the client resets, and of what is still said on it', async () => {
    const id = await client.open({ streamType: 'data' })
    const other = await client.open({ streamType: 'data' })
    await opened(2)
    const closed = new Promise<void>((resolve) => streams[0]!.once('close', () => resolve()))
    client.reset(id)
    client.say(id, 'too late')
    await closed
    client.say(other, 'here', { fin: true })
    expect((await buffer(streams[1]!)).toString()).toBe('here')
    expect(client.heard(id).wasReset).toBe(false)
  })

  it('destroys its streams when the client has gone', async () => {
    await client.open({ streamType: 'data' })
    await opened(1)
    client.close()
    await connection.closed
    expect(streams[0]!.destroyed).toBe(true)
  })

  it('sends what was written before it says goodbye', async () => {
    const id = await client.open({ streamType: 'data' })
    await opened(1)
    streams[0]!.end(Buffer.alloc(500_000, 'z'))
    await client.until(() => client.heard(id).fin)
    connection.end()
    await client.ended
    expect(client.heard(id).text).toHaveLength(500_000)
    expect(client.frames.at(-1)).toMatchObject({ kind: CONTROL.goAway })
  })

  it('ends when it hears something that is not SPDY', async () => {
    client.write(Buffer.from('GET / HTTP/1.1\r\n\r\n'.padStart(40, '\xff'), 'latin1'))
    await connection.closed
  })
})

it('opens streams to a server, each half by itself, and hears that one is refused', async () => {
  const [near, far] = duplexPair()
  const heard: SpdyStream[] = []
  const server = new SpdyConnection(far, ({ streamtype }) =>
    streamtype === 'unwanted' ? undefined : (stream) => heard.push(stream),
  )
  const client = new SpdyConnection(near, () => undefined)
  const [stdin, refused, stdout, error] = await Promise.all([
    client.open({ streamType: 'stdin' }),
    client.open({ streamType: 'unwanted' }),
    client.open({ streamType: 'stdout' }),
    client.open({ streamType: 'error' }),
  ])
  stdin.end('typed')
  expect(await buffer(refused)).toHaveLength(0)
  while (heard.length < 3) await turn()
  expect(heard.map(({ headers }) => headers.streamtype)).toEqual(['stdin', 'stdout', 'error'])
  expect((await buffer(heard[0]!)).toString()).toBe('typed')
  // Said, given up and closed at once, read later.
  heard[1]!.end(Buffer.alloc(500_000, 'z'))
  heard[2]!.write('the last word')
  heard[2]!.destroy()
  server.end()
  await client.closed
  expect(await buffer(stdout)).toHaveLength(500_000)
  expect((await buffer(error)).toString()).toBe('the last word')
})
