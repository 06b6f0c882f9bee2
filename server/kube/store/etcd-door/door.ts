// The way in for everyone who speaks etcd: `etcdctl`, a second API server, a learner with `curl`. One port, and what
// comes in on it tells apart what it is: HTTP/2 is gRPC, HTTP/1.1 is the JSON gateway.
// Upstream: embed/serve.go (there a connection multiplexer does this).

import { createServer as createHttpServer, type Server as HttpServer } from 'node:http'
import { createServer as createHttp2Server, type Http2Server, type Http2Session } from 'node:http2'
import { type AddressInfo, createServer as createTcpServer, type Server, type Socket } from 'node:net'
import { createServer as createTlsServer, type TLSSocket } from 'node:tls'
import type { Clock } from '../../../base/clock.ts'
import type { Store } from '../store-interface.ts'
import { authMethods } from './auth.ts'
import { CallCounters } from './call-counters.ts'
import { serveGrpc } from './grpc-server.ts'
import { serveJson } from './json-gateway.ts'
import { kvMethods } from './kv.ts'
import { leaseMethods } from './lease.ts'
import { maintenanceMethods } from './maintenance.ts'
import { memberMethods } from './members.ts'
import { statusPages } from './status-pages.ts'
import { watchMethods } from './watch.ts'

/** The first bytes of every HTTP/2 connection. */
const HTTP2_PREFACE = 'PRI'

export interface EtcdDoorOptions {
  store: Store
  clock: Clock
  /** Default: 127.0.0.1. */
  host?: string
  /** Default: any free one. */
  port?: number
  /** PEM. With `ca`, clients must show a certificate that it has signed. Absent: plain text. */
  tls?: { cert: string | Buffer; key: string | Buffer; ca?: string | Buffer }
}

export interface EtcdDoor {
  readonly url: string
  readonly port: number
  close(): Promise<void>
}

export async function openEtcdDoor(options: EtcdDoorOptions): Promise<EtcdDoor> {
  const { store, clock, host = '127.0.0.1', port = 0, tls } = options
  let url = ''
  const counters = new CallCounters()
  const pages = statusPages(store, counters)
  const methods = counters.around([
    ...kvMethods(store),
    ...watchMethods(store, clock),
    ...leaseMethods(store),
    ...maintenanceMethods(store),
    ...memberMethods(store, () => [url]),
    ...authMethods(store),
  ])
  const http2 = createHttp2Server({ settings: { initialWindowSize: 1024 * 1024, maxConcurrentStreams: 10_000 } })
  const sessions = new Set<Http2Session>()
  http2.on('session', (session) => {
    sessions.add(session)
    session.once('close', () => sessions.delete(session))
    session.on('error', () => {}) // the client went away; its streams hear of it
  })
  http2.on('stream', (stream, headers) => serveGrpc(methods, stream, headers))
  const http1 = createHttpServer((request, response) => void serveJson({ methods, pages }, request, response))

  const listener = tls ? listenTls(tls, http2, http1) : createTcpServer((socket) => sniff(socket, http2, http1))
  const sockets = new Set<Socket>()
  listener.on('connection', (socket: Socket) => {
    sockets.add(socket)
    socket.setNoDelay(true)
    socket.on('error', () => {})
    socket.once('close', () => sockets.delete(socket))
  })
  await new Promise<void>((resolve, reject) => {
    listener.once('error', reject)
    listener.listen(port, host, resolve)
  })
  const bound = (listener.address() as AddressInfo).port
  url = `${tls ? 'https' : 'http'}://${host.includes(':') ? `[${host}]` : host}:${bound}`
  return {
    url,
    port: bound,
    async close() {
      const closed = new Promise<void>((resolve) => listener.close(() => resolve()))
      for (const session of sessions) session.destroy()
      for (const socket of sockets) socket.destroy()
      await closed
    },
  }
}

function listenTls(tls: NonNullable<EtcdDoorOptions['tls']>, http2: Http2Server, http1: HttpServer): Server {
  const { cert, key, ca } = tls
  const clientCertificates = ca ? { ca, requestCert: true, rejectUnauthorized: true } : {}
  return createTlsServer(
    { cert, key, ...clientCertificates, ALPNProtocols: ['h2', 'http/1.1'] },
    (socket: TLSSocket) => {
      socket.on('error', () => {})
      if (socket.alpnProtocol === 'h2') http2.emit('connection', socket)
      else http1.emit('connection', socket)
    },
  )
}

function sniff(socket: Socket, http2: Http2Server, http1: HttpServer): void {
  socket.once('readable', () => {
    const first: Buffer | null = socket.read()
    if (!first) return
    socket.unshift(first)
    const isHttp2 = first.toString('latin1', 0, HTTP2_PREFACE.length) === HTTP2_PREFACE.slice(0, first.length)
    ;(isHttp2 ? http2 : http1).emit('connection', socket)
  })
}
