// Every procedure and every socket, as everybody: allowed or refused exactly as access-table.ts says.

import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { TRPCError } from '@trpc/server'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { WebSocket } from 'ws'
import { systemClock } from '../../base/clock.ts'
import { noLogger } from '../../base/logger.ts'
import type { ClusterHost } from '../../kube/cluster/index.ts'
import { entrance } from '../accounts/entrance.ts'
import { noBrowser } from '../accounts/testing/no-browser.ts'
import { everybody, type SmallWorld, type Somebody, smallWorld } from '../accounts/testing/small-world.ts'
import { type Classroom, openClassroom } from '../classroom.ts'
import { type Database, openDatabase } from '../database/open-database.ts'
import type { LabSession } from '../grading/lab-session.ts'
import { listen, portOf, serveClassroom } from '../server.ts'
import { noShells } from '../terminals/shell.ts'
import { accessTable } from './access-table.ts'
import { appRouter } from './router.ts'
import { createCallerFactory } from './trpc.ts'

const root = join(import.meta.dirname, '..', '..', '..')
const caller = createCallerFactory(appRouter)
const clock = systemClock

/** Clusters never become ready here; who may ask for one is known long before. */
const hostWithoutClusters = {
  createCluster: () => new Promise(() => undefined),
  startCluster: () => new Promise(() => undefined),
  deleteCluster: async () => undefined,
} as unknown as ClusterHost

let stateDir: string
let classroom: Classroom
let database: Database
let server: { port: number; stop: () => PromiseLike<void> }

beforeAll(async () => {
  stateDir = mkdtempSync(join(tmpdir(), 'podium-access-'))
  classroom = await openClassroom({
    root,
    stateDir,
    host: hostWithoutClusters,
    machines: { kind: 'simulated', reason: 'this is a test', remedy: '' },
    shellsFor: async () => noShells('no terminal in a test'),
    localName: undefined,
    clock,
    logger: noLogger,
    random: Math.random,
    warm: 0,
  })
  const path = join(stateDir, 'classroom', 'podium.db')
  database = openDatabase({ path, migrations: join(root, 'prisma', 'migrations'), clock })
  const listener = await listen({ host: '127.0.0.1', port: 0 })
  if (!listener) throw new Error('no port')
  const port = portOf(listener)
  const at = entrance({ host: '0.0.0.0', port, tls: false, origins: [], names: [] })
  const pages = async () => undefined
  const serving = serveClassroom({ classroom, pages, listener, entrance: at, stateDir, clock, logger: noLogger })
  server = { port, stop: () => serving[Symbol.asyncDispose]() }
})

afterAll(async () => {
  await server.stop()
  await classroom[Symbol.asyncDispose]()
  await database[Symbol.asyncDispose]()
  rmSync(stateDir, { recursive: true })
})

async function world(): Promise<SmallWorld & { session: LabSession; sessionOfLearner: string }> {
  const made = await smallWorld(database)
  const session = await classroom.sessions.start(made.people.learner?.id ?? '', 'pods')
  return { ...made, session, sessionOfLearner: session.id }
}

const REFUSALS = ['UNAUTHORIZED', 'FORBIDDEN', 'NOT_FOUND']

/** `yes`, or the code of the refusal. Other errors come after it was allowed: a wrong password, say. */
async function mayCall(path: string, who: Somebody): Promise<string> {
  const here = await world()
  // Nobody waits for a cluster or for news.
  const signal = AbortSignal.abort()
  const api = caller({ classroom, person: here.people[who], browser: noBrowser }, { signal })
  const procedure = path.split('.').reduce<unknown>((at, name) => (at as Record<string, unknown>)[name], api)
  const input = await accessTable[path]?.input(here)
  try {
    const answer = await (procedure as (input: unknown) => Promise<unknown>)(input)
    if (typeof answer === 'object' && answer !== null && Symbol.asyncIterator in answer) {
      await (answer as AsyncIterable<unknown>)[Symbol.asyncIterator]().next()
    }
    return 'yes'
  } catch (err) {
    if (err instanceof TRPCError && err.code !== 'INTERNAL_SERVER_ERROR') {
      return REFUSALS.includes(err.code) ? err.code : 'yes'
    }
    throw err
  } finally {
    // The next world is made by a connection of its own, whose wait for this one's transaction would stop the thread of both.
    await here.session.close()
  }
}

describe('procedures', () => {
  const paths = Object.keys(appRouter._def.procedures).sort()

  it('are all in the table, and nothing else is', () => {
    expect(Object.keys(accessTable).sort()).toEqual(paths)
  })

  describe.each(paths)('%s', (path) => {
    it.each(everybody)('for %s', async (who) => {
      const isAllowed = accessTable[path]?.for.includes(who)
      const answer = await mayCall(path, who)
      if (isAllowed) expect(answer).toBe('yes')
      else expect(REFUSALS).toContain(answer)
      if (!isAllowed && who === 'nobody') expect(answer).toBe('UNAUTHORIZED')
    })
  })
})

describe('terminals', () => {
  const expected: Record<Somebody, string> = {
    nobody: '401',
    guest: '404',
    learner: 'open',
    assistant: 'open',
    instructor: 'open',
    admin: 'open',
    stranger: '404',
  }

  async function open(who: Somebody) {
    const { people, sessionOfLearner } = await world()
    const { port } = server
    const token = people[who] ? await classroom.logins.open(people[who].id) : ''
    const headers = { cookie: `podium-${port}=${token}`, origin: `http://127.0.0.1:${port}` }
    const socket = new WebSocket(`ws://127.0.0.1:${port}/terminal/${sessionOfLearner}/1`, { headers })
    const outcome = new Promise<string>((resolve) => {
      socket.on('open', () => resolve('open'))
      socket.on('unexpected-response', (_, answer) => resolve(String(answer.statusCode)))
      socket.on('error', () => undefined)
    })
    return { socket, outcome: await outcome, person: people[who], token }
  }

  it.each(everybody)('of a learner for %s', async (who) => {
    const { socket, outcome } = await open(who)
    socket.terminate()
    expect(outcome).toBe(expected[who])
  })

  it('close when the one who opened them is logged out', async () => {
    const { socket, token } = await open('learner')
    const closed = new Promise((resolve) => socket.once('close', resolve))
    await classroom.logins.end(token)
    await closed
  })
})

describe('labs', () => {
  it('are not for those who are in no class any more, not even those they began', async () => {
    const { people, classId, sessionOfLearner } = await world()
    const { learner } = people
    if (!learner) throw new Error('no learner')
    const api = caller({ classroom, person: learner, browser: noBrowser })
    await classroom.classes.remove(classId, learner.id)
    const refused = { code: 'FORBIDDEN', message: expect.stringContaining('Join one with its code') }
    await expect(api.lab.start({ labId: 'pods' })).rejects.toMatchObject(refused)
    await expect(api.session.reset({ sessionId: sessionOfLearner })).rejects.toMatchObject(refused)
  })
})

describe('the socket of all streams', () => {
  async function open(who: Somebody) {
    const { people, sessionOfLearner: sessionId } = await world()
    const { port } = server
    const token = people[who] ? await classroom.logins.open(people[who].id) : ''
    const headers = { cookie: `podium-${port}=${token}`, origin: `http://127.0.0.1:${port}` }
    const socket = new WebSocket(`ws://127.0.0.1:${port}/api/streams`, { headers })
    const outcome = new Promise<string>((resolve) => {
      socket.on('unexpected-response', (_, answer) => resolve(String(answer.statusCode)))
      socket.on('error', () => undefined)
      socket.on('open', () =>
        socket.send(
          JSON.stringify({ id: 1, method: 'subscription', params: { path: 'session.watch', input: { sessionId } } }),
        ),
      )
      socket.on('message', (text) => {
        const { error, result } = JSON.parse(String(text))
        if (error) resolve(error.data.code)
        if (result?.type === 'data') resolve(result.data.id === sessionId ? 'their session' : 'another')
      })
    })
    return { socket, outcome: await outcome, token }
  }

  it.each([
    ['nobody', '401'],
    ['guest', 'NOT_FOUND'],
    ['learner', 'their session'],
    ['assistant', 'their session'],
    ['stranger', 'NOT_FOUND'],
  ] as const)('gives %s no more than they may have', async (who, expected) => {
    const { socket, outcome } = await open(who)
    socket.terminate()
    expect(outcome).toBe(expected)
  })

  it('ends when the one who opened it is logged out', async () => {
    const { socket, token } = await open('learner')
    const closed = new Promise((resolve) => socket.once('close', resolve))
    await classroom.logins.end(token)
    await closed
  })

  it('is closed to pages of other sites', async () => {
    const { port } = server
    const { people } = await world()
    const cookie = `podium-${port}=${await classroom.logins.open(people.learner?.id ?? '')}`
    const socket = new WebSocket(`ws://127.0.0.1:${port}/api/streams`, {
      headers: { cookie, origin: 'http://evil.example' },
    })
    const code = await new Promise((resolve) => {
      socket.on('unexpected-response', (_, answer) => resolve(answer.statusCode))
      socket.on('error', () => undefined)
    })
    expect(code).toBe(403)
  })
})

describe('over HTTP', () => {
  const call = (path: string, init: RequestInit & { headers?: Record<string, string> } = {}) =>
    fetch(`http://127.0.0.1:${server.port}/api/trpc/${path}`, init)

  it('nobody is told to log in, before any input is looked at', async () => {
    expect((await call('course.overview')).status).toBe(401)
    expect((await call('class.page?input=%7B%22classId%22%3A1%7D')).status).toBe(401)
  })

  it('a stream ends when its person loses their login', async () => {
    const { people, sessionOfLearner } = await world()
    const token = await classroom.logins.open(people.learner?.id ?? '')
    const input = encodeURIComponent(JSON.stringify({ sessionId: sessionOfLearner }))
    const answer = await call(`session.watch?input=${input}`, {
      headers: {
        cookie: `podium-${server.port}=${token}`,
        accept: 'text/event-stream',
        'sec-fetch-site': 'same-origin',
      },
    })
    expect(answer.status).toBe(200)
    const reading = (async () => {
      for await (const _ of answer.body ?? []) await classroom.logins.endAll(people.learner?.id ?? '')
    })()
    await expect(reading).rejects.toThrow()
  })
})
