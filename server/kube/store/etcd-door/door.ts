// The way in for everyone who speaks etcd: `etcdctl`, a second API server, a learner with `curl`. One port, and what
// comes in on it tells apart what it is: HTTP/2 or HTTP/1.1, and on HTTP/2 gRPC or the JSON gateway, by its content type.
// Upstream: embed/serve.go (there a connection multiplexer does this).

import { createServer as createHttpServer, type Server as HttpServer } from 'node:http'
import { type AddressInfo, createServer as createTcpServer, type Server, type Socket } from 'node:net'
import { createServer as createTlsServer, type TLSSocket, Server as TlsServer } from 'node:tls'
import type { Clock } from '../../../base/clock.ts'
import { Unfinished } from '../../../base/unfinished.ts'
import { Unread } from '../../../base/unread.ts'
import type { Store } from '../store-interface.ts'
import { authMethods } from './auth.ts'
import { CallCounters } from './call-counters.ts'
import { http1Exchange, http2Exchange } from './exchange.ts'
import { isGrpc, serveGrpc } from './grpc-server.ts'
import { Http2Connection } from './http2/connection.ts'
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
  tls?: TlsFiles
}

interface TlsFiles {
  cert: string | Buffer
  key: string | Buffer
  ca?: string | Buffer
}

export interface EtcdDoor {
  readonly url: string
  readonly port: number
  /** Whoever comes from now on is shown this one. */
  renew(tls: TlsFiles): void
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
    ...memberMethods(() => [url]),
    ...authMethods(store),
  ])
  const connections = new Set<Http2Connection>()
  const unread = new Unread()
  const unfinished = new Unfinished()
  const http2 = (socket: Socket) => {
    const connection = new Http2Connection(
      socket,
      (stream, headers) => {
        if (isGrpc(headers)) serveGrpc({ methods, unfinished }, stream, headers)
        else void serveJson({ methods, pages }, http2Exchange(stream, headers, unfinished))
      },
      unread,
    )
    connections.add(connection)
    socket.once('close', () => connections.delete(connection))
  }
  const http1 = createHttpServer((request, response) => {
    void serveJson({ methods, pages }, http1Exchange(request, response, { unread, unfinished }))
  })

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
    renew(renewed) {
      if (listener instanceof TlsServer) listener.setSecureContext(renewed)
    },
    async close() {
      const closed = new Promise<void>((resolve) => listener.close(() => resolve()))
      for (const connection of connections) connection.close()
      for (const socket of sockets) socket.destroy()
      await closed
    },
  }
}

function listenTls(
  tls: NonNullable<EtcdDoorOptions['tls']>,
  http2: (socket: Socket) => void,
  http1: HttpServer,
): Server {
  const { cert, key, ca } = tls
  const clientCertificates = ca ? { ca, requestCert: true, rejectUnauthorized: true } : {}
  return createTlsServer(
    { cert, key, ...clientCertificates, ALPNProtocols: ['h2', 'http/1.1'] },
    (socket: TLSSocket) => {
      socket.on('error', () => {})
      if (socket.alpnProtocol === 'h2') http2(socket)
      else http1.emit('connection', socket)
    },
  )
}

function sniff(socket: Socket, http2: (socket: Socket) => void, http1: HttpServer): void {
  socket.once('readable', () => {
    const first: Buffer | null = socket.read()
    if (!first) return
    socket.unshift(first)
    const isHttp2 = first.toString('latin1', 0, HTTP2_PREFACE.length) === HTTP2_PREFACE.slice(0, first.length)
    if (isHttp2) http2(socket)
    else http1.emit('connection', socket)
  })
}
