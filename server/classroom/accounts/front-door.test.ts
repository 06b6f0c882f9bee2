import { mkdtempSync, rmSync } from 'node:fs'
import http, { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { WebSocket, WebSocketServer } from 'ws'
import { systemClock } from '../../base/clock.ts'
import { frontDoor } from './front-door.ts'
import { createToken, redeemToken } from './links.ts'
import { readOrMakeKey, sessionCookies } from './session-cookie.ts'

// A real server behind the real door: what is let in is answered 200 with the learner's id.

let stateDir: string
let server: Server
let port: number
let cookie: string

beforeAll(async () => {
  stateDir = mkdtempSync(join(tmpdir(), 'podium-door-'))
  server = createServer()
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  port = (server.address() as AddressInfo).port
  const cookies = sessionCookies({ key: readOrMakeKey(stateDir), port })
  cookie = cookies.issue('learner-1').split(';')[0] ?? ''
  const door = frontDoor({ stateDir, port, cookies, clock: systemClock, learnerId: 'learner-1' })
  const sockets = new WebSocketServer({ noServer: true })
  server.on('request', async (request, response) => {
    const learnerId = await door.admit(request, response)
    if (learnerId !== undefined) response.end(learnerId)
  })
  server.on('upgrade', (request, socket, head) => {
    if (door.admitUpgrade(request, socket) === undefined) return
    sockets.handleUpgrade(request, socket, head, (ws) => ws.send('hello'))
  })
})

afterAll(() => {
  server.closeAllConnections()
  server.close()
  rmSync(stateDir, { recursive: true })
})

function send(path: string, options: { method?: string; headers?: Record<string, string> } = {}) {
  return new Promise<{ status: number; body: string; headers: http.IncomingHttpHeaders }>((resolve, reject) => {
    const request = http.request({ host: '127.0.0.1', port, path, ...options }, async (answer) => {
      let body = ''
      for await (const chunk of answer) body += chunk
      resolve({ status: answer.statusCode ?? 0, body, headers: answer.headers })
    })
    request.on('error', reject)
    request.end()
  })
}

function open(headers: Record<string, string>): Promise<string> {
  return new Promise((resolve) => {
    const socket = new WebSocket(`ws://127.0.0.1:${port}/terminal/run/1`, { headers })
    socket.on('message', (data) => {
      resolve(String(data))
      socket.close()
    })
    socket.on('unexpected-response', (_, answer) => {
      resolve(String(answer.statusCode))
      socket.terminate()
    })
    socket.on('error', () => undefined)
  })
}

const ours = () => `http://127.0.0.1:${port}`

describe('requests', () => {
  const rows = [
    { name: 'a page with the cookie', path: '/', headers: {}, cookie: true, status: 200 },
    {
      name: 'the same by another loopback name',
      path: '/',
      headers: { host: 'localhost:PORT' },
      cookie: true,
      status: 200,
    },
    { name: 'a page without the cookie', path: '/', headers: {}, cookie: false, status: 401 },
    {
      name: 'a page with a forged cookie',
      path: '/',
      headers: { cookie: 'podium-PORT=learner-1.AAAA' },
      cookie: false,
      status: 401,
    },
    {
      name: 'a name that was rebound to loopback',
      path: '/',
      headers: { host: 'evil.example:PORT' },
      cookie: true,
      status: 403,
    },
    {
      name: 'the right name with another port',
      path: '/',
      headers: { host: '127.0.0.1:1' },
      cookie: true,
      status: 403,
    },
    {
      name: 'a query of our page',
      path: '/api/trpc/course.overview',
      headers: { 'sec-fetch-site': 'same-origin' },
      cookie: true,
      status: 200,
    },
    { name: 'a query of a program', path: '/api/trpc/course.overview', headers: {}, cookie: true, status: 200 },
    { name: 'a query without the cookie', path: '/api/trpc/course.overview', headers: {}, cookie: false, status: 401 },
    {
      name: 'a query from a foreign page',
      path: '/api/trpc/course.overview',
      headers: { origin: 'https://evil.example' },
      cookie: true,
      status: 403,
    },
    {
      name: 'a query from a page on another port of this machine',
      path: '/api/trpc/course.overview',
      headers: { 'sec-fetch-site': 'same-site' },
      cookie: true,
      status: 403,
    },
    {
      name: 'a query from a sandboxed frame',
      path: '/api/trpc/course.overview',
      headers: { origin: 'null' },
      cookie: true,
      status: 403,
    },
    {
      name: 'a mutation of our page',
      method: 'POST',
      path: '/api/trpc/lab.start',
      headers: { origin: 'OURS' },
      cookie: true,
      status: 200,
    },
    {
      name: 'a mutation that does not say where from',
      method: 'POST',
      path: '/api/trpc/lab.start',
      headers: {},
      cookie: true,
      status: 403,
    },
    {
      name: 'a mutation from a foreign page',
      method: 'POST',
      path: '/api/trpc/lab.start',
      headers: { origin: 'https://evil.example' },
      cookie: true,
      status: 403,
    },
    {
      name: 'a stream of our page',
      path: '/api/trpc/session.watch',
      headers: { accept: 'text/event-stream', 'sec-fetch-site': 'same-origin' },
      cookie: true,
      status: 200,
    },
    {
      name: 'a stream that does not say where from',
      path: '/api/trpc/session.watch',
      headers: { accept: 'text/event-stream' },
      cookie: true,
      status: 403,
    },
    {
      name: 'a stream without the Accept header',
      path: '/api/trpc/session.watch?input=x',
      headers: {},
      cookie: true,
      status: 403,
    },
    { name: 'a form post to a page', method: 'POST', path: '/', headers: {}, cookie: false, status: 401 },
  ]
  it.each(rows)('$name: $status', async ({ path, method, headers, cookie: withCookie, status }) => {
    const filled = Object.fromEntries(
      Object.entries(headers).map(([key, value]) => [
        key,
        String(value).replace('PORT', String(port)).replace('OURS', ours()),
      ]),
    )
    const answer = await send(path, {
      ...(method ? { method } : {}),
      headers: { ...(withCookie ? { cookie } : {}), ...filled },
    })
    expect(answer.status).toBe(status)
  })

  it('tells a person without a link how to get one', async () => {
    const { body } = await send('/labs/pods')
    expect(body).toContain('npx podium token create')
  })

  it('forbids being put into a frame', async () => {
    expect((await send('/', { headers: { cookie } })).headers['x-frame-options']).toBe('DENY')
  })
})

describe('one-time links', () => {
  it('let a browser in once, and leave the token out of the address', async () => {
    const token = await createToken(stateDir)
    const first = await send(`/labs/pods?token=${token}&x=1`)
    expect([first.status, first.headers.location]).toEqual([303, '/labs/pods?x=1'])
    const given = String(first.headers['set-cookie'])
    expect(given).toMatch(/HttpOnly; SameSite=Strict$/)
    expect((await send('/', { headers: { cookie: given.split(';')[0] ?? '' } })).body).toBe('learner-1')
    const second = await send(`/?token=${token}`)
    expect([second.status, second.headers['set-cookie']]).toEqual([401, undefined])
    expect(second.body).toContain('This link was used already')
  })

  it('take a browser that is in already to the page, whatever the token', async () => {
    expect((await send('/?token=old', { headers: { cookie } })).headers.location).toBe('/')
  })

  it('work for exactly one of many at once', async () => {
    const token = await createToken(stateDir)
    const answers = await Promise.all(Array.from({ length: 20 }, () => redeemToken(stateDir, token, systemClock)))
    expect(answers.filter(Boolean)).toHaveLength(1)
  })

  it('are refused under a foreign name', async () => {
    const token = await createToken(stateDir)
    expect((await send(`/?token=${token}`, { headers: { host: 'evil.example' } })).status).toBe(403)
    expect(await redeemToken(stateDir, token, systemClock)).toBe(true)
  })

  it('cannot name a file elsewhere', async () => {
    expect(await redeemToken(stateDir, '../cookie.key', systemClock)).toBe(false)
  })
})

describe('terminals', () => {
  it('open for our own page only', async () => {
    expect(await open({ cookie, origin: ours() })).toBe('hello')
    expect(await open({ cookie, origin: 'https://evil.example' })).toBe('403')
    expect(await open({ cookie, origin: 'http://127.0.0.1:1' })).toBe('403')
    expect(await open({ cookie })).toBe('403')
    expect(await open({ origin: ours() })).toBe('401')
    expect(await open({ cookie, origin: `http://evil.example:${port}`, host: `evil.example:${port}` })).toBe('403')
  })
})
