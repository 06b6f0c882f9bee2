// The classroom's sockets: pages, tRPC, terminals, all behind one door on one port.

import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import { createServer as createTlsServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import type { Duplex } from 'node:stream'
import { nodeHTTPRequestHandler } from '@trpc/server/adapters/node-http'
import { getWSConnectionHandler } from '@trpc/server/adapters/ws'
import { type WebSocket, WebSocketServer } from 'ws'
import type { Clock } from '../base/clock.ts'
import type { Logger } from '../base/logger.ts'
import type { Entrance } from './accounts/entrance.ts'
import { type Browser, type FrontDoor, frontDoor } from './accounts/front-door.ts'
import type { Person } from './accounts/person.ts'
import { appRouter } from './api/router.ts'
import type { Classroom } from './classroom.ts'
import { ClassroomError } from './classroom-error.ts'
import { servePreview, upgradePreview } from './preview/preview-proxy.ts'
import { PREVIEW } from './preview/previews.ts'
import { TAB } from './terminals/terminal-room.ts'
import { serveTerminal } from './terminals/terminal-socket.ts'

export type PageHandler = (request: IncomingMessage, response: ServerResponse) => Promise<void>

export interface ClassroomServerOptions {
  classroom: Classroom
  pages: PageHandler
  /** Listening already, with nobody to answer yet. */
  listener: Server
  entrance: Entrance
  stateDir: string
  clock: Clock
  logger: Logger
}

/** A certificate and its key, as PEM. */
export interface Tls {
  cert: Buffer
  key: Buffer
}

const API = '/api/trpc/'
/** All streams of a page on one socket: a browser has only six connections to a host, and forgets none that streams. */
const STREAMS = /^\/api\/streams(\?|$)/
const TERMINAL = /^\/terminal\/([\w-]+)\/([^/?]+)$/
const PING_MS = 20_000
/** Bytes that may wait for a browser that cannot keep up; beyond, it is let go and comes again. */
const MOST_WAITING = 32 * 1024 * 1024

type StreamServer = (socket: WebSocket, request: IncomingMessage, person: Person) => void

/** Takes the port, or says that somebody else has it by `undefined`. */
export async function listen(at: { host: string; port: number; tls?: Tls | undefined }): Promise<Server | undefined> {
  const server = at.tls ? createTlsServer(at.tls) : createServer()
  const { promise, resolve, reject } = Promise.withResolvers<Server | undefined>()
  server.once('error', (err: NodeJS.ErrnoException) => (err.code === 'EADDRINUSE' ? resolve(undefined) : reject(err)))
  server.listen(at.port, at.host, () => resolve(server))
  return promise
}

export const portOf = (server: Server): number => (server.address() as AddressInfo).port

/** Begins to answer. Disposing ends every stream and socket. */
export function serveClassroom(options: ClassroomServerOptions): AsyncDisposable {
  const { classroom, pages, listener, entrance, stateDir, clock, logger } = options
  const { logins, localPerson } = classroom
  const door = frontDoor({ stateDir, entrance, logins, clock, localPerson })
  const sockets = new WebSocketServer({ noServer: true, maxPayload: 1024 * 1024, perMessageDeflate: false })
  const beat = keepAlive(sockets, clock)
  const visitors = new WeakMap<IncomingMessage, Person>()
  const answerStreams = getWSConnectionHandler({
    wss: sockets,
    router: appRouter,
    createContext: ({ req }) => ({ classroom, person: visitors.get(req), browser: listenerOnly(req) }),
    onError({ error, path }) {
      if (error.code === 'INTERNAL_SERVER_ERROR') logger.error('stream failed', { path, err: error.cause ?? error })
    },
  })
  const serveStreams: StreamServer = (socket, request, person) => {
    visitors.set(request, person)
    answerStreams(socket, request)
  }

  listener.on('request', (request, response) => {
    answer({ request, response, door, classroom, pages, logger }).catch((err) => {
      logger.error('request failed', { url: request.url?.split('?')[0], err })
      if (!response.headersSent) response.writeHead(500, { 'content-type': 'text/plain' })
      response.end('Something went wrong in the classroom; its log says what.\n')
    })
  })
  listener.on('upgrade', (request, socket, head) => {
    socket.on('error', () => socket.destroy())
    upgrade({ request, socket, head, door, classroom, sockets, serveStreams }).catch((err) => {
      logger.error('socket failed', { err })
      socket.destroy()
    })
  })

  return {
    async [Symbol.asyncDispose]() {
      beat[Symbol.dispose]()
      for (const socket of sockets.clients) socket.close(1001, 'the classroom is stopping')
      const closed = new Promise((resolve) => listener.close(resolve))
      listener.closeAllConnections()
      await closed
      for (const socket of sockets.clients) socket.terminate()
    },
  }
}

/** Who streams is logged in already; a socket can give no cookie, so nobody logs in or out over it. */
const listenerOnly = (request: IncomingMessage): Browser => ({
  address: request.socket.remoteAddress ?? '',
  token: undefined,
  remember: () => undefined,
  forget: () => undefined,
})

async function answer(what: {
  request: IncomingMessage
  response: ServerResponse
  door: FrontDoor
  classroom: Classroom
  pages: PageHandler
  logger: Logger
}): Promise<void> {
  const { request, response, door, classroom, pages, logger } = what
  if (PREVIEW.test(request.url ?? '')) return servePreview(classroom.previews, request, response)
  const visitor = await door.admit(request, response)
  if (!visitor) return
  const url = request.url ?? '/'
  if (!url.startsWith(API)) return pages(request, response)
  const { person } = visitor
  if (person) {
    const held = classroom.connections.hold(person.id, () => {
      // What is being answered now may be the very call that takes rights away; only what keeps talking is cut.
      if (response.headersSent) response.destroy()
    })
    response.once('close', () => held[Symbol.dispose]())
  }
  await nodeHTTPRequestHandler({
    router: appRouter,
    path: (url.split('?')[0] ?? '').slice(API.length),
    req: request,
    res: response,
    createContext: () => ({ classroom, ...visitor }),
    maxBodySize: 1024 * 1024,
    onError({ error, path }) {
      if (error.code === 'INTERNAL_SERVER_ERROR') logger.error('procedure failed', { path, err: error.cause ?? error })
    },
  })
}

async function upgrade(what: {
  request: IncomingMessage
  socket: Duplex
  head: Buffer
  door: FrontDoor
  classroom: Classroom
  sockets: WebSocketServer
  serveStreams: StreamServer
}): Promise<void> {
  const { request, socket, head, door, classroom, sockets, serveStreams } = what
  if (PREVIEW.test(request.url ?? '')) return upgradePreview(classroom.previews, request, socket, head)
  const person = await door.admitUpgrade(request, socket)
  if (!person) return
  const held = classroom.connections.hold(person.id, () => socket.destroy())
  socket.once('close', () => held[Symbol.dispose]())
  if (STREAMS.test(request.url ?? '')) {
    sockets.handleUpgrade(request, socket, head, (ws) => {
      sockets.emit('connection', ws)
      serveStreams(ws, request, person)
    })
    return
  }
  const [, sessionId, tab] = TERMINAL.exec(request.url ?? '') ?? []
  if (!sessionId || !tab || !TAB.test(tab)) {
    socket.end('HTTP/1.1 404 Not Found\r\nConnection: close\r\n\r\n')
    return
  }
  const looked = await sessionOf(classroom, person, sessionId)
  if (!looked) {
    socket.end('HTTP/1.1 404 Not Found\r\nConnection: close\r\n\r\n')
    return
  }
  sockets.handleUpgrade(request, socket, head, (ws) => {
    sockets.emit('connection', ws)
    const { session, own } = looked
    const { keyboards, pauses } = classroom.teaching
    const mayType = () =>
      own ? pauses.of(session.learnerId) === undefined : keyboards.mayType(session.learnerId, person.id)
    void serveTerminal({ socket: ws, rooms: session, tab, lookerName: own ? '' : person.name, mayType })
  })
}

/** The session, the person's own or of somebody they teach; undefined where there is none for them. */
async function sessionOf(classroom: Classroom, person: Person, sessionId: string) {
  try {
    return await classroom.lookAt(person, sessionId)
  } catch (err) {
    if (err instanceof ClassroomError) return undefined
    throw err
  }
}

/** A dropped network leaves sockets that look alive; those that answer no ping, or read nothing, are ended. */
function keepAlive(sockets: WebSocketServer, clock: Clock): Disposable {
  const silent = new WeakSet<object>()
  sockets.on('connection', (socket) => socket.on('pong', () => silent.delete(socket)))
  let timer = clock.setTimeout(beat, PING_MS)
  function beat(): void {
    for (const socket of sockets.clients) {
      if (silent.has(socket) || socket.bufferedAmount > MOST_WAITING) socket.terminate()
      silent.add(socket)
      socket.ping()
    }
    timer = clock.setTimeout(beat, PING_MS)
  }
  return { [Symbol.dispose]: () => timer[Symbol.dispose]() }
}
