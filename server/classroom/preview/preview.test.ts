import { createServer, type IncomingMessage, type RequestListener, request, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { WebSocket, WebSocketServer } from 'ws'
import { Connections } from '../accounts/connections.ts'
import type { Door } from './doors.ts'
import { servePreview, upgradePreview } from './preview-proxy.ts'
import { Previews } from './previews.ts'

// Loopback stands for the learner's network; .9 is the host's own end of it.
const network = { subnet: '127.0.0.0/24', gatewayAddress: '127.0.0.9' } as Parameters<Previews['open']>[0]['network']

let app: RequestListener
let pod: Server
let classroom: Server
let connections: Connections
let previews: Previews
let clusterIsThere: boolean

const listen = async (server: Server) => {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return (server.address() as AddressInfo).port
}

beforeEach(async () => {
  clusterIsThere = true
  app = (_, response) => response.end('hello')
  pod = createServer((asked, response) => app(asked, response))
  const sockets = new WebSocketServer({ server: pod })
  sockets.on('connection', (socket, { url }) => socket.on('message', (text) => socket.send(`${url} ${text}`)))
  connections = new Connections()
  previews = new Previews(connections)
  classroom = createServer((asked, response) => void servePreview(previews, asked, response))
  classroom.on('upgrade', (asked, socket, head) => void upgradePreview(previews, asked, socket, head))
  await Promise.all([listen(pod), listen(classroom)])
})
afterEach(() => {
  for (const server of [pod, classroom]) {
    server.close()
    server.closeAllConnections()
  }
})

const portOf = (server: Server) => (server.address() as AddressInfo).port
const doorAt = (host: string, url = 'http://shop.example'): Door => ({
  kind: 'Ingress',
  namespace: 'default',
  name: 'web',
  url,
  host,
  port: portOf(pod),
  tls: false,
})
const open = (personId = 'ada', door = doorAt('127.0.0.1'), learnerId = personId) =>
  previews.open({ personId, learnerId, door, network, isOpen: () => clusterIsThere })

async function get(path: string, headers: Record<string, string> = {}, method = 'GET') {
  const answer = await new Promise<IncomingMessage>((resolve, reject) => {
    request({ port: portOf(classroom), host: '127.0.0.1', path, headers, method }, resolve)
      .on('error', reject)
      .end()
  })
  let text = ''
  for await (const chunk of answer.setEncoding('utf8')) text += chunk
  return { status: answer.statusCode, headers: answer.headers, text }
}

it('asks the pod for the path behind the token, as the host of the door', async () => {
  app = ({ url, headers, method }, response) => response.end(JSON.stringify({ url, host: headers.host, method }))
  const { text } = await get(`${open()}a/b?c=d`, {}, 'DELETE')
  expect(JSON.parse(text)).toEqual({ url: '/a/b?c=d', host: 'shop.example', method: 'DELETE' })
})

it('tells the pod nothing that proves who asks', async () => {
  let heard: IncomingMessage['headers'] = {}
  app = ({ headers }, response) => {
    heard = headers
    response.end()
  }
  await get(open(), {
    cookie: 'podium-3000=secret',
    authorization: 'Basic c2VjcmV0',
    referer: 'http://classroom/',
    'x-forwarded-for': '1.2.3.4',
    'x-own': 'yes',
  })
  expect(heard).toMatchObject({ 'x-own': 'yes' })
  expect(JSON.stringify(heard)).not.toMatch(/secret|c2VjcmV0|classroom|1\.2\.3\.4/)
})

it('puts every answer into a sandbox without an origin, beside the page’s own policy', async () => {
  app = (_, response) => response.writeHead(200, { 'content-security-policy': "default-src 'self'" }).end()
  const policy = (await get(open())).headers['content-security-policy']
  expect(policy).toMatch(/^default-src 'self', sandbox /)
  expect(policy).not.toContain('allow-same-origin')
  expect((await get('/preview/nobody/')).headers['content-security-policy']).toMatch(/^sandbox /)
})

it('hands on no header by which a pod would speak for the classroom', async () => {
  app = (_, response) =>
    response
      .writeHead(200, {
        'set-cookie': 'podium-3000=mine; Path=/',
        'clear-site-data': '"cookies"',
        'strict-transport-security': 'max-age=1',
        'www-authenticate': 'Basic',
        'service-worker-allowed': '/',
        'x-frame-options': 'DENY',
        refresh: '0;url=/',
        'x-own': 'yes',
      })
      .end()
  const { headers } = await get(open())
  expect(headers['x-own']).toBe('yes')
  for (const name of [
    'set-cookie',
    'clear-site-data',
    'strict-transport-security',
    'www-authenticate',
    'service-worker-allowed',
    'x-frame-options',
    'refresh',
  ]) {
    expect(headers, name).not.toHaveProperty(name)
  }
})

it('keeps the cookies of the page itself, for that preview alone', async () => {
  app = ({ url, headers }, response) => {
    if (url === '/set') response.setHeader('set-cookie', 'seen=1; Path=/')
    response.end(headers.cookie ?? 'none')
  }
  const mine = open()
  expect((await get(`${mine}set`)).text).toBe('none')
  expect((await get(`${mine}later`)).text).toBe('seen=1')
  expect((await get(`${open('bob')}later`)).text).toBe('none')
})

it('tells a page’s paths from the root anew, and teaches its scripts first', async () => {
  const html = `<!doctype html><html><head><title>é&hellip;</title></head><body><a href="/cart">é</a><img srcset="/a.png 1x, b.png 2x"><a href='http://shop.example/x'>x</a><a href="https://other.example/y">y</a><a href=rel>z</a></body></html>`
  app = (_, response) => response.writeHead(200, { 'content-type': 'text/html' }).end(html)
  const path = open()
  const { text } = await get(path)
  expect(text).toContain(`<a href="${path}cart">é</a><img srcset="${path}a.png 1x, b.png 2x">`)
  expect(text).toContain(`<a href='${path}x'>x</a><a href="https://other.example/y">y</a><a href=rel>z</a>`)
  expect(text.indexOf('<script>')).toBeGreaterThan(0)
  expect(text.indexOf('<script>')).toBeLessThan(text.indexOf('<title>é&hellip;</title>'))
})

it('shows what has come of a page that takes its time', async () => {
  app = (_, response) => response.writeHead(200, { 'content-type': 'text/html' }).write('<a href="/cart">x</a><p>')
  const path = open()
  const answer = await new Promise<IncomingMessage>((resolve) => {
    request({ port: portOf(classroom), host: '127.0.0.1', path }, resolve).end()
  })
  let text = ''
  for await (const chunk of answer.setEncoding('utf8')) {
    text += chunk
    if (text.endsWith('</a><p>')) break
  }
  expect(text).toContain(`<a href="${path}cart">x</a><p>`)
})

it('keeps a redirect within the preview', async () => {
  app = ({ url }, response) =>
    response.writeHead(302, { location: url === '/a' ? '/b' : 'http://shop.example/c' }).end()
  const path = open()
  expect((await get(`${path}a`)).headers.location).toBe(`${path}b`)
  expect((await get(`${path}z`)).headers.location).toBe(`${path}c`)
  expect((await get(path.slice(0, -1))).headers.location).toBe(path)
})

it('lets the page’s own scripts ask, which have no origin, and nobody else', async () => {
  const path = open()
  expect((await get(path, { origin: 'null' })).headers['access-control-allow-origin']).toBe('null')
  expect((await get(path, { origin: 'https://evil.example' })).headers).not.toHaveProperty(
    'access-control-allow-origin',
  )
  const asked = { origin: 'null', 'access-control-request-method': 'PUT', 'access-control-request-headers': 'x-a' }
  const preflight = await get(path, asked, 'OPTIONS')
  expect(preflight.status).toBe(204)
  expect(preflight.headers['access-control-allow-headers']).toBe('x-a')
})

it('carries WebSockets', async () => {
  const socket = new WebSocket(`ws://127.0.0.1:${portOf(classroom)}${open()}ws?x=1`)
  await new Promise((resolve) => socket.once('open', resolve))
  const heard = new Promise((resolve) => socket.once('message', (data) => resolve(String(data))))
  socket.send('hello')
  expect(await heard).toBe('/ws?x=1 hello')
  socket.close()
})

it('ends what is open by a preview with it: WebSockets, and answers without end', async () => {
  app = (_, response) => void response.write('on and on')
  const socket = new WebSocket(`ws://127.0.0.1:${portOf(classroom)}${open()}ws`)
  await new Promise((resolve) => socket.once('open', resolve))
  const answer = await new Promise<IncomingMessage>((resolve) => {
    request({ port: portOf(classroom), host: '127.0.0.1', path: open() }, resolve).end()
  })
  answer.on('error', () => undefined).resume()
  const ended = Promise.all([socket, answer].map((each) => new Promise<void>((resolve) => each.once('close', resolve))))
  connections.cut('ada')
  await ended
})

it('says so when a pod takes over a connection that was not offered', async () => {
  pod.removeAllListeners('request').on('request', ({ socket }) => {
    socket.write('HTTP/1.1 101 Switching Protocols\r\nconnection: upgrade\r\nupgrade: me\r\n\r\n')
  })
  const { status, text } = await get(open())
  expect([status, text]).toEqual([502, expect.stringContaining('unexpected answer: 101')])
})

it('opens nothing outside the learner’s network, and not the host’s end of it', () => {
  for (const host of ['127.0.1.1', '127.0.0.9', '169.254.169.254', 'localhost', '::1', '127.1']) {
    expect(() => open('ada', doorAt(host)), host).toThrow('is not an address of your cluster’s network')
  }
})

it('is the same again for a door that is open', () => {
  expect(open()).toBe(open())
  expect(open('bob')).not.toBe(open())
})

it('ends with the login, with the cluster, and when there are eight newer ones', async () => {
  const first = open()
  const others = open('bob')
  for (let more = 1; more <= 8; more++) open('ada', doorAt('127.0.0.1', `http://shop${more}.example`))
  expect((await get(first)).status).toBe(404)
  expect((await get(others)).status).toBe(200)
  connections.cut('bob')
  expect((await get(others)).status).toBe(404)
  const last = open()
  clusterIsThere = false
  expect((await get(last)).text).toContain('This preview has ended')
})

it('ends for who looks on with the right of the learner whose cluster it is', async () => {
  const looking = open('teacher', doorAt('127.0.0.1'), 'ada')
  const another = open('teacher', doorAt('127.0.0.1', 'http://other.example'), 'bob')
  connections.cut('ada')
  expect((await get(looking)).status).toBe(404)
  expect((await get(another)).status).toBe(200)
})

it('says in words that nobody answers', async () => {
  const path = open()
  pod.close()
  pod.closeAllConnections()
  const { status, text } = await get(path)
  expect(status).toBe(502)
  expect(text).toContain('http://shop.example does not answer')
  expect(text).toContain('The connection was refused.')
})
