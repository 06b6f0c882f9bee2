import { mkdtempSync, rmSync } from 'node:fs'
import http, { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { WebSocket, WebSocketServer } from 'ws'
import { systemClock } from '../../base/clock.ts'
import { type Database, openDatabase } from '../database/open-database.ts'
import { Connections } from './connections.ts'
import { entrance } from './entrance.ts'
import { frontDoor } from './front-door.ts'
import { createToken, redeemToken } from './links.ts'
import { localPerson } from './local-person.ts'
import { Logins } from './logins.ts'

// A real server behind the real door: who is let in is answered 200 with their name, or `nobody`.

const clock = systemClock
const migrations = join(import.meta.dirname, '..', '..', '..', 'prisma', 'migrations')

let stateDir: string
let database: Database
let logins: Logins
let cookie: string
/** On loopback, without accounts. */
let port: number
/** As when bound to other addresses: people log in. */
let openPort: number
const servers: Server[] = []

beforeAll(async () => {
  stateDir = mkdtempSync(join(tmpdir(), 'podium-door-'))
  database = openDatabase({ path: join(stateDir, 'podium.db'), migrations, clock })
  logins = new Logins({ database, connections: new Connections(), clock })
  const ada = await localPerson(database, 'Ada')
  port = await serve('127.0.0.1', [])
  openPort = await serve('0.0.0.0', ['https://school.example'])
  const token = await logins.open(ada.id)
  cookie = [port, openPort].map((each) => `podium-${each}=${token}; __Host-podium-${each}=${token}`).join('; ')

  async function serve(host: string, origins: string[]): Promise<number> {
    const server = createServer()
    servers.push(server)
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    const { port } = server.address() as AddressInfo
    const at = entrance({ host, port, tls: false, origins, names: ['Classroom'] })
    const door = frontDoor({ stateDir, entrance: at, logins, clock, localPerson: at.accounts ? undefined : ada })
    const sockets = new WebSocketServer({ noServer: true })
    server.on('request', async (request, response) => {
      const visitor = await door.admit(request, response)
      if (visitor) response.end(visitor.person?.name ?? 'nobody')
    })
    server.on('upgrade', async (request, socket, head) => {
      if (!(await door.admitUpgrade(request, socket))) return
      sockets.handleUpgrade(request, socket, head, (ws) => ws.send('hello'))
    })
    return port
  }
})

afterAll(async () => {
  for (const server of servers) {
    server.closeAllConnections()
    server.close()
  }
  await database[Symbol.asyncDispose]()
  rmSync(stateDir, { recursive: true })
})

function send(path: string, options: { port?: number; method?: string; headers?: Record<string, string> } = {}) {
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

function open(headers: Record<string, string>, at = port): Promise<string> {
  return new Promise((resolve) => {
    const socket = new WebSocket(`ws://127.0.0.1:${at}/terminal/run/1`, { headers })
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
      headers: { cookie: `podium-PORT=${'A'.repeat(43)}` },
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
    { name: 'a form post to a page', method: 'POST', path: '/', headers: {}, cookie: true, status: 403 },
    {
      name: 'a form post of our page by nobody',
      method: 'POST',
      path: '/',
      headers: { origin: 'OURS' },
      cookie: false,
      status: 401,
    },
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
    expect(given).toMatch(/; Path=\/; HttpOnly; SameSite=Strict$/)
    expect((await send('/', { headers: { cookie: given.split(';')[0] ?? '' } })).body).toBe('Ada')
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

describe('where people log in', () => {
  const school = { host: 'school.example' }
  const rows: [string, { path?: string; method?: string; headers?: Record<string, string> }, number, string][] = [
    ['a page by nobody', {}, 200, 'nobody'],
    ['a question by nobody', { path: '/api/trpc/people.me' }, 200, 'nobody'],
    ['a page with the cookie', { headers: { cookie: 'COOKIE' } }, 200, 'Ada'],
    ['by an address', { headers: { host: '10.1.2.3:PORT', cookie: 'COOKIE' } }, 200, 'Ada'],
    ['by the machine’s name', { headers: { host: 'classroom:PORT' } }, 200, 'nobody'],
    ['by the declared name', { headers: { ...school, cookie: 'COOKIE' } }, 200, 'Ada'],
    ['with the plain cookie under TLS', { headers: { ...school, cookie: 'PLAIN' } }, 200, 'nobody'],
    ['by a foreign name', { headers: { host: 'evil.example:PORT' } }, 403, ''],
    ['by an address with another port', { headers: { host: '10.1.2.3:1' } }, 403, ''],
    ['by what only looks like an address', { headers: { host: '10.1.2.3.evil.example:PORT' } }, 403, ''],
    ['by an address that hides a name', { headers: { host: 'evil.example@10.1.2.3:PORT' } }, 403, ''],
    [
      'a change from the declared origin',
      { method: 'POST', headers: { ...school, origin: 'https://school.example' } },
      200,
      'nobody',
    ],
    [
      'a change from its plain twin',
      { method: 'POST', headers: { ...school, origin: 'http://school.example' } },
      403,
      '',
    ],
    ['a change that does not say where from', { method: 'POST', path: '/api/trpc/account.logIn' }, 403, ''],
  ]
  it.each(rows)('%s', async (_, { path = '/', method = 'GET', headers = {} }, status, body) => {
    const filled = Object.fromEntries(
      Object.entries(headers).map(([key, value]) => [
        key,
        value
          .replace('PORT', String(openPort))
          .replace('COOKIE', cookie)
          .replace(
            'PLAIN',
            cookie
              .split('; ')
              .filter((each) => !each.startsWith('__Host-'))
              .join('; '),
          ),
      ]),
    )
    const answer = await send(path, { port: openPort, method, headers: filled })
    expect(answer.status).toBe(status)
    if (status === 200) expect(answer.body).toBe(body)
  })

  it('lets no link in, for links are for one person’s own machine', async () => {
    const token = await createToken(stateDir)
    const answer = await send(`/?token=${token}`, { port: openPort })
    expect([answer.body, answer.headers['set-cookie']]).toEqual(['nobody', undefined])
  })

  it('opens terminals for people only', async () => {
    const origin = `http://127.0.0.1:${openPort}`
    expect(await open({ cookie, origin }, openPort)).toBe('hello')
    expect(await open({ origin }, openPort)).toBe('401')
  })
})

describe('logins', () => {
  it('end at once when they are ended', async () => {
    const { id } = await database.person.create({ data: { id: 'bob', name: 'Bob' } })
    const [first, second] = [await logins.open(id), await logins.open(id)]
    await logins.end(first)
    expect(await logins.personOf(first)).toBeUndefined()
    expect((await logins.personOf(second))?.name).toBe('Bob')
    await logins.endAll(id)
    expect(await logins.personOf(second)).toBeUndefined()
  })

  it('are not in the database in a form that logs in', async () => {
    const token = await logins.open('bob')
    const rows = await database.login.findMany()
    expect(JSON.stringify(rows)).not.toContain(token)
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
