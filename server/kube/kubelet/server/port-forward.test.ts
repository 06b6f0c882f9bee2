import { type Duplex, duplexPair } from 'node:stream'
import { beforeEach, describe, expect, it } from 'vitest'
import { FakeClock } from '../../../base/clock.ts'
import { FIN } from '../../../base/spdy/frames.ts'
import { SpdyTestClient } from '../../../base/spdy/spdy-test-client.ts'
import { servePortForward } from './port-forward.ts'

let client: SpdyTestClient
let clock: FakeClock
/** The pod's ends of connections, by the order in which they were made. */
let peers: Duplex[]
/** Ours of the same. */
let sockets: Duplex[]
let dialled: number[]
let isClosed: boolean

beforeEach(() => {
  client = new SpdyTestClient()
  clock = new FakeClock()
  peers = []
  sockets = []
  dialled = []
  isClosed = false
  servePortForward(client.transport, {
    sandboxId: 'abc',
    clock,
    forwarder: {
      async connect(port) {
        dialled.push(port)
        if (port === 81) throw new Error('connect: connection refused')
        const [mine, theirs] = duplexPair()
        sockets.push(theirs)
        peers.push(mine)
        return theirs
      },
      [Symbol.dispose]: () => {
        isClosed = true
      },
    },
  })
})

const pair = async (port: number, requestID: string) => {
  const error = await client.open({ streamType: 'error', port: String(port), requestID }, FIN)
  const data = await client.open({ streamType: 'data', port: String(port), requestID })
  return { error, data }
}
const connected = (count: number) => client.until(() => peers.length === count)
const textOf = async (peer: Duplex) => {
  let text = ''
  for await (const chunk of peer.iterator({ destroyOnReturn: false })) text += chunk
  return text
}

describe('port-forward', () => {
  it('makes a connection for each pair of streams, and each half ends by itself', async () => {
    const { data, error } = await pair(80, '0')
    await connected(1)
    client.say(data, 'asked', { fin: true })
    expect(await textOf(peers[0]!)).toBe('asked')
    peers[0]!.end('answered')
    await client.until(() => client.heard(error).fin)
    expect(client.heard(data)).toEqual({ text: 'answered', fin: true, wasReset: false })
    expect(client.heard(error).text).toBe('')
  })

  it('keeps connections apart, whatever the order of their streams', async () => {
    const error0 = await client.open({ streamType: 'error', port: '80', requestID: '0' }, FIN)
    const one = await pair(90, '1')
    const data0 = await client.open({ streamType: 'data', port: '80', requestID: '0' })
    await connected(2)
    expect(dialled).toEqual([90, 80])
    peers[0]!.end('from 90')
    peers[1]!.end('from 80')
    await client.until(() => client.heard(one.data).fin && client.heard(data0).fin)
    expect([client.heard(one.data).text, client.heard(data0).text]).toEqual(['from 90', 'from 80'])
    expect(client.heard(error0).text).toBe('')
  })

  it('says on the error stream why it could not connect, and goes on with others', async () => {
    const { data, error } = await pair(81, '0')
    await client.until(() => client.heard(error).fin && client.heard(data).fin)
    expect(client.heard(error).text).toBe('error forwarding port 81 to pod abc, uid : connect: connection refused')
    await pair(80, '1')
    await connected(1)
  })

  it('says nothing when a connection breaks: kubectl would end them all', async () => {
    const { data, error } = await pair(80, '0')
    await connected(1)
    sockets[0]!.destroy(new Error('ECONNRESET'))
    await client.until(() => client.heard(error).fin && client.heard(data).wasReset)
    expect(client.heard(error).text).toBe('')
  })

  it.each([
    ['no port', { streamType: 'data', requestID: '0' }],
    ['port 0', { streamType: 'data', port: '0', requestID: '0' }],
    ['port 70000', { streamType: 'data', port: '70000', requestID: '0' }],
    ['no number for a port', { streamType: 'data', port: 'http', requestID: '0' }],
    ['no type', { port: '80', requestID: '0' }],
    ['another type', { streamType: 'stdin', port: '80', requestID: '0' }],
  ])('refuses a stream with %s', async (_what, headers) => {
    const id = await client.open(headers)
    await client.until(() => client.heard(id).wasReset)
  })

  it('pairs the streams of clients that number nothing', async () => {
    await client.open({ streamType: 'error', port: '80' }, FIN)
    await client.open({ streamType: 'data', port: '80' })
    await connected(1)
  })

  it('waits 30 s for the other stream of a pair', async () => {
    const error = await client.open({ streamType: 'error', port: '80', requestID: '7' }, FIN)
    await client.until(() => client.frames.length > 0)
    await clock.advance(30_000)
    await client.until(() => client.heard(error).fin)
    expect(client.heard(error).text).toBe('(request=7) timed out waiting for streams')
  })

  it('closes the way into the pod when the client has gone', async () => {
    await pair(80, '0')
    await connected(1)
    const closed = new Promise<void>((resolve) => peers[0]!.once('close', () => resolve()))
    peers[0]!.resume()
    client.close()
    await closed
    expect(isClosed).toBe(true)
  })
})
