import dgram from 'node:dgram'
import { once } from 'node:events'
import http from 'node:http'
import net, { type AddressInfo } from 'node:net'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { makeRequest } from './make-request.ts'

const web = http.createServer(({ socket }, response) => response.writeHead(200, `to ${socket.remotePort}`).end())
const names = dgram.createSocket('udp4')
let server: string

/** Answers for one name, for another with an address of IPv6 only, and knows no other. */
const KNOWN = 'web.shop.svc.cluster.local'
const OF_SIX = 'six.shop.svc.cluster.local'
const AAAA = 28
names.on('message', (question, from) => {
  const end = question.indexOf(0, 12) + 5
  const letters = [...question.subarray(13, end - 5)].map((byte) => (byte < 32 ? '.' : String.fromCharCode(byte)))
  const isKnown = letters.join('') === KNOWN
  const isOfSix = letters.join('') === OF_SIX
  const isFound = isKnown || (isOfSix && question.readUInt16BE(end - 4) === AAAA)
  const head = Buffer.from([
    ...question.subarray(0, 2),
    0x81,
    isKnown || isOfSix ? 0x80 : 0x83,
    0,
    1,
    0,
    isFound ? 1 : 0,
    0,
    0,
    0,
    0,
  ])
  const record = (type: number, ...address: number[]) =>
    Buffer.from([0xc0, 12, 0, type, 0, 1, 0, 0, 0, 5, 0, address.length, ...address])
  const loopback = isOfSix ? record(AAAA, ...Array(15).fill(0), 1) : record(1, 127, 0, 0, 1)
  const answer = isFound ? loopback : Buffer.alloc(0)
  names.send(Buffer.concat([head, question.subarray(12, end), answer]), from.port, from.address)
})

beforeAll(async () => {
  await once(web.listen(0, '127.0.0.1'), 'listening')
  names.bind(0, '127.0.0.1')
  await once(names, 'listening')
  server = `127.0.0.1:${names.address().port}`
})
afterAll(() => {
  web.close()
  names.close()
})

const ask = async (order: Partial<Parameters<typeof makeRequest>[0]>) =>
  makeRequest({
    host: '127.0.0.1',
    port: (web.address() as AddressInfo).port,
    protocol: 'tcp',
    localPort: await freePort(),
    resolvConf: `nameserver ${server}\nsearch default.svc.cluster.local svc.cluster.local\noptions ndots:5\n`,
    hosts: '',
    ...order,
  })

async function freePort(): Promise<number> {
  const probe = net.createServer().listen(0, '127.0.0.1')
  await once(probe, 'listening')
  const { port } = probe.address() as AddressInfo
  await new Promise((closed) => probe.close(closed))
  return port
}

describe('a request', () => {
  it('asks for an address of IPv6 where the name has none of IPv4', async () => {
    const { names, address } = await ask({ host: 'six.shop' })
    expect(names.map(({ name, type, answer, addresses }) => [name, type, answer, ...addresses])).toEqual([
      ['six.shop.default.svc.cluster.local.', 'A', 'NXDOMAIN'],
      ['six.shop.svc.cluster.local.', 'A', 'NODATA'],
      ['six.shop.svc.cluster.local.', 'AAAA', 'NOERROR', '::1'],
    ])
    expect(address).toBe('::1')
  })

  it('asks for the name step by step, calls whom it leads to, and says what was answered', async () => {
    const outcome = await ask({ host: 'web.shop' })
    expect(outcome).toMatchObject({
      address: '127.0.0.1',
      how: 'connected',
      answer: expect.stringMatching(/^HTTP\/1.1 200 to /),
      nameServer: server,
    })
    expect(outcome.names.map(({ name, answer, addresses }) => [name, answer, ...addresses])).toEqual([
      ['web.shop.default.svc.cluster.local.', 'NXDOMAIN'],
      ['web.shop.svc.cluster.local.', 'NOERROR', '127.0.0.1'],
    ])
  })

  it('is sent from the port that it was told', async () => {
    const localPort = await freePort()
    expect((await ask({ localPort })).answer).toBe(`HTTP/1.1 200 to ${localPort}`)
  })

  it('goes nowhere when no name of the list is known', async () => {
    const outcome = await ask({ host: 'wbe' })
    expect(outcome).toMatchObject({ how: 'no name' })
    expect(outcome.names.map(({ answer }) => answer)).toEqual(['NXDOMAIN', 'NXDOMAIN', 'NXDOMAIN'])
    expect(outcome).not.toHaveProperty('address')
  })

  it('believes the hosts file first', async () => {
    const outcome = await ask({ host: 'db', hosts: '127.0.0.1 db\n' })
    expect(outcome).toMatchObject({ hostsLine: '127.0.0.1 db', names: [], how: 'connected' })
  })

  it.each(['tcp', 'udp'] as const)('says that it was refused, by %s', async (protocol) => {
    expect(await ask({ port: await freePort(), protocol })).toMatchObject({ how: 'ECONNREFUSED', bytes: 0 })
  })

  it('is one datagram by UDP, and the first that comes back is the answer', async () => {
    const echo = dgram.createSocket('udp4')
    echo.on('message', (said, from) => echo.send(`heard ${said}`, from.port, from.address))
    echo.bind(0, '127.0.0.1')
    await once(echo, 'listening')
    const outcome = await ask({ port: echo.address().port, protocol: 'udp' })
    expect(outcome).toMatchObject({ how: 'connected', answer: 'heard podium-trace', bytes: 19 })
    echo.close()
  })
})
