import { once } from 'node:events'
import http from 'node:http'
import net, { type AddressInfo, type Socket } from 'node:net'
import { expect, it } from 'vitest'
import { connectWords, dialWords, keepDetails, requestWords } from './net-errors.ts'

/** Why a request is not answered by a server that does this with whoever connects; none is there without. */
async function failure(serve?: (socket: Socket) => void, signal?: AbortSignal): Promise<{ err: Error; port: number }> {
  const server = net.createServer((socket) => {
    socket.on('error', () => undefined)
    serve?.(socket)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  const close = () => new Promise((closed) => server.close(closed))
  if (!serve) await close()
  const request = http.get({ host: '127.0.0.1', port, agent: false, ...(signal ? { signal } : {}) })
  request.on('socket', keepDetails)
  const [err] = (await once(request, 'error')) as [Error]
  request.destroy()
  if (serve) await close()
  return { err, port }
}

it('says what Go says of requests that are not answered', async () => {
  const refused = await failure()
  expect(requestWords(refused.err)).toBe(`dial tcp 127.0.0.1:${refused.port}: connect: connection refused`)
  const words = async (...told: Parameters<typeof failure>) => requestWords((await failure(...told)).err)
  const whenAsked = (run: (socket: Socket) => void) => (socket: Socket) => void socket.once('data', () => run(socket))
  expect(await words(whenAsked((socket) => socket.end()))).toBe('EOF')
  const reset = await failure(whenAsked((socket) => socket.resetAndDestroy()))
  expect(requestWords(reset.err)).toMatch(
    new RegExp(`^read tcp 127\\.0\\.0\\.1:\\d+->127\\.0\\.0\\.1:${reset.port}: read: connection reset by peer$`),
  )
  expect(await words(whenAsked((socket) => socket.end('SSH-2.0-OpenSSH_9.2\r\n')))).toBe(
    'net/http: HTTP/1.x transport connection broken: malformed HTTP response "SSH-2.0-OpenSSH_9.2"',
  )
  expect(await words((socket) => void socket.resume(), AbortSignal.timeout(20))).toBe('context deadline exceeded')
  const given = new AbortController()
  expect(await words(() => given.abort(), given.signal)).toBe('context canceled')
})

it('and of those that find nobody to ask', () => {
  const err = (told: object) => Object.assign(new Error('in words of Node'), told)
  const to = { syscall: 'connect', address: '2001:db8::1', port: 443 }
  expect(requestWords(err({ ...to, code: 'EHOSTUNREACH' }))).toBe(
    'dial tcp [2001:db8::1]:443: connect: no route to host',
  )
  const both = new AggregateError([err({ ...to, code: 'ENETUNREACH' }), err({ ...to, code: 'ECONNREFUSED' })])
  expect(requestWords(both)).toBe('dial tcp [2001:db8::1]:443: connect: network is unreachable')
  const ends = '10.0.0.1:4242->[2001:db8::1]:443'
  expect(requestWords(err({ syscall: 'write', code: 'EPIPE', ends }))).toBe(`write tcp ${ends}: write: broken pipe`)
  // Through a tunnel, whose ends are others.
  expect(requestWords(err({ syscall: 'read', code: 'ECONNRESET' }))).toBe('read: connection reset by peer')
  const name = { syscall: 'getaddrinfo', hostname: 'nobody.example' }
  expect(requestWords(err({ ...name, code: 'ENOTFOUND' }))).toBe('dial tcp: lookup nobody.example: no such host')
  expect(dialWords('10.0.0.1:80', err({ code: 'ETIMEDOUT' }))).toBe('dial tcp 10.0.0.1:80: i/o timeout')
  expect(connectWords('EADDRNOTAVAIL')).toBe('connect: cannot assign requested address')
  expect(requestWords(err({}))).toBe('in words of Node')
})
