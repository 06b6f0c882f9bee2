// The HTTPS front: sockets, TLS, headers, bodies. Everything it lets in goes the same way as calls from inside.

import type { IncomingMessage, ServerResponse } from 'node:http'
import https from 'node:https'
import type { Duplex } from 'node:stream'
import type { TLSSocket } from 'node:tls'
import { gzip } from 'node:zlib'
import type { Clock } from '../../../base/clock.ts'
import { StatusError } from '../../apimachinery/status-error.ts'
import { PROTOBUF_CONTENT_TYPE } from '../../schemas/protobuf/protobuf.ts'
import type { Schemas } from '../../schemas/schemas.ts'
import type { ConnectAnswer, WatchAnswer } from '../request-path/answer.ts'
import type { ApiRequest, Credentials, PresentedCertificate, RequestBody } from '../request-path/api-request.ts'
import { negotiate, type Representation } from '../request-path/negotiate.ts'
import type { Outcome } from '../request-path/outcome.ts'
import { type KubeletCaller, rawAnswer, refusalOf } from './kubelet-caller.ts'
import { errorLine, type RenderContext, type Rendered, renderList, renderObject, WatchLines } from './render.ts'
import { ReverseProxy } from './reverse-proxy.ts'
import { includeObjectOf } from './table.ts'

export interface HttpsServerOptions {
  serving: { certPem: string; keyPem: string; caPem: string }
  handle(request: ApiRequest): Promise<Outcome>
  kubelet: KubeletCaller
  clock: Clock
  schemas: Schemas
}

/** As upstream: what etcd would refuse is refused before it is read to the end. */
const BODY_LIMIT = 3 * 1024 * 1024
const GZIP_FROM = 128 * 1024
/** A watcher that does not read is let go before it fills the server's memory. */
const UNREAD_LIMIT = 16 * 1024 * 1024

const GONE = new StatusError('Timeout', 'the client has gone')

export class HttpsFront {
  readonly #options: HttpsServerOptions
  readonly #proxy: ReverseProxy
  readonly #lines = new WatchLines()
  readonly #servers = new Set<https.Server>()
  readonly #upgraded = new Set<Duplex>()
  readonly #certificates = new WeakMap<TLSSocket, PresentedCertificate | null>()

  constructor(options: HttpsServerOptions) {
    this.#options = options
    this.#proxy = new ReverseProxy(options.kubelet)
  }

  async listen({ host, port }: { host: string; port: number }): Promise<{ host: string; port: number }> {
    const { certPem, keyPem, caPem } = this.#options.serving
    const server = https.createServer({
      cert: certPem,
      key: keyPem,
      ca: caPem,
      requestCert: true,
      // Whoever shows no certificate may still have a token, or be content with what everybody may read.
      rejectUnauthorized: false,
      keepAliveTimeout: 90_000,
      // For what a client sends; answers, and so watches, may take as long as they like.
      requestTimeout: 60_000,
      noDelay: true,
    })
    server.on('request', (request, response) => void this.#serve(request, response))
    server.on('upgrade', (request, socket, head) => void this.#upgrade(request, socket, head))
    server.on('tlsClientError', (_err, socket) => socket.destroy())
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject)
      server.listen({ host, port }, () => resolve())
    })
    this.#servers.add(server)
    const address = server.address()
    return { host, port: typeof address === 'object' && address ? address.port : port }
  }

  async close(): Promise<void> {
    for (const socket of this.#upgraded) socket.destroy()
    await Promise.all(
      [...this.#servers].map(
        (server) =>
          new Promise<void>((resolve) => {
            server.close(() => resolve())
            server.closeAllConnections()
          }),
      ),
    )
    this.#servers.clear()
  }

  async #serve(incoming: IncomingMessage, response: ServerResponse): Promise<void> {
    const gone = new AbortController()
    // An answer that has been sent is no reason to abort anything, and aborting is not free.
    response.on('close', () => {
      if (!response.writableFinished) gone.abort(GONE)
    })
    response.on('error', () => gone.abort(GONE))
    const request = this.#requestOf(incoming, gone.signal)
    let outcome: Outcome | undefined
    try {
      const context = this.#renderContext(request)
      outcome = await this.#options.handle(request)
      if (gone.signal.aborted) return
      this.#common(response, outcome)
      if (!outcome.ok) throw outcome.error
      await this.#send(response, { outcome, request, context, signal: gone.signal })
    } catch (err) {
      const error =
        err instanceof StatusError ? err : new StatusError('InternalError', 'Internal error occurred', { cause: err })
      refuse(response, error)
    }
  }

  #common(response: ServerResponse, { context }: Outcome): void {
    response.setHeader('Audit-Id', context.id)
    response.setHeader('Cache-Control', 'no-cache, private')
    if (context.warnings.length > 0) {
      response.setHeader(
        'Warning',
        context.warnings.map((text) => `299 - ${JSON.stringify(oneLine(text))}`),
      )
    }
  }

  async #send(
    response: ServerResponse,
    told: { outcome: Outcome & { ok: true }; request: ApiRequest; context: RenderContext; signal: AbortSignal },
  ): Promise<void> {
    const { outcome, request, context, signal } = told
    const { answer } = outcome
    switch (answer.type) {
      case 'object':
        return sendBytes(response, answer.code, renderObject(answer, context), request)
      case 'list':
        return sendBytes(response, 200, renderList(answer, context), request)
      case 'document': {
        if (answer.etag) response.setHeader('ETag', answer.etag)
        if (answer.etag && request.ifNoneMatch === answer.etag) {
          response.writeHead(304).end()
          return
        }
        return sendBytes(
          response,
          answer.code,
          { contentType: answer.contentType, body: Buffer.from(answer.body) },
          request,
        )
      }
      case 'watch':
        return this.#sendWatch(response, answer, context)
      case 'connect':
        return this.#sendKubelet(response, answer, signal)
      case 'proxy':
        return this.#proxy.serve(answer, response.req, response, signal)
    }
  }

  #sendWatch(response: ServerResponse, answer: WatchAnswer, context: RenderContext): void {
    const isTable = context.representation.as === 'table'
    const isBinary = context.representation.as === 'object' && context.representation.format === 'protobuf'
    const contentType = isBinary ? `${PROTOBUF_CONTENT_TYPE};stream=watch` : 'application/json'
    response.writeHead(200, { 'Content-Type': contentType, 'Transfer-Encoding': 'chunked' })
    response.flushHeaders()
    let isFirst = true
    let isEnded = false
    const watch = answer.start({
      event: (event) => {
        const now = this.#options.clock.now()
        response.write(this.#lines.line(answer.kind, event, { ...context, now }, isFirst || !isTable))
        isFirst = false
        if (response.writableLength > UNREAD_LIMIT) response.destroy()
      },
      end: (error) => {
        isEnded = true
        if (error) response.write(errorLine(error))
        response.end()
      },
    })
    response.on('close', () => {
      if (!isEnded) watch[Symbol.dispose]()
    })
  }

  async #sendKubelet(response: ServerResponse, target: ConnectAnswer, signal: AbortSignal): Promise<void> {
    const answer = await this.#options.kubelet.get(target, signal)
    if (answer.statusCode !== 200) throw await refusalOf(answer)
    response.writeHead(200, { 'Content-Type': answer.headers['content-type'] ?? 'text/plain' })
    response.flushHeaders()
    answer.on('error', () => response.destroy())
    answer.pipe(response)
  }

  async #upgrade(incoming: IncomingMessage, socket: Duplex, head: Buffer): Promise<void> {
    this.#upgraded.add(socket)
    socket.on('close', () => this.#upgraded.delete(socket))
    socket.on('error', () => socket.destroy())
    const gone = new AbortController()
    socket.once('close', () => gone.abort(GONE))
    const request = { ...this.#requestOf(incoming, gone.signal), body: { type: 'none' } as const }
    const outcome = await this.#options.handle(request)
    if (!outcome.ok) return void socket.end(rawAnswer(outcome.error))
    if (outcome.answer.type === 'proxy') {
      return this.#proxy.upgrade(outcome.answer, incoming, socket, head).catch((err: unknown) => {
        socket.end(rawAnswer(err instanceof StatusError ? err : new StatusError('InternalError', String(err))))
      })
    }
    if (outcome.answer.type !== 'connect') {
      return void socket.end(rawAnswer(new StatusError('BadRequest', 'this request cannot be upgraded')))
    }
    this.#options.kubelet.upgrade(outcome.answer, {
      method: incoming.method ?? 'GET',
      headers: incoming.headers,
      socket,
      head,
    })
  }

  #requestOf(incoming: IncomingMessage, signal: AbortSignal): ApiRequest {
    const url = incoming.url ?? '/'
    const mark = url.indexOf('?')
    const { headers } = incoming
    const text = (value: string | string[] | undefined) => (Array.isArray(value) ? value.join(',') : (value ?? ''))
    return {
      method: incoming.method ?? 'GET',
      path: mark < 0 ? url : url.slice(0, mark),
      query: new URLSearchParams(mark < 0 ? '' : url.slice(mark + 1)),
      userAgent: headers['user-agent'] ?? '',
      accept: headers.accept ?? '',
      contentType: headers['content-type'] ?? '',
      because: text(headers['podium-because']),
      credentials: this.#credentialsOf(incoming),
      ...impersonationOf(incoming),
      body: bodyOf(incoming),
      signal,
      remoteAddress: incoming.socket.remoteAddress ?? '',
      ...(headers['if-none-match'] ? { ifNoneMatch: headers['if-none-match'] } : {}),
    }
  }

  #credentialsOf(incoming: IncomingMessage): Credentials {
    const socket = incoming.socket as TLSSocket
    let certificate = this.#certificates.get(socket)
    if (certificate === undefined) {
      certificate = certificateOf(socket) ?? null
      this.#certificates.set(socket, certificate)
    }
    const { authorization } = incoming.headers
    const [scheme = '', token] = authorization?.trim().split(/\s+/, 2) ?? []
    // A browser's `Basic` is somebody else's; it proves nothing here.
    const bearerToken = scheme.toLowerCase() === 'bearer' ? (token ?? '') : this.#fromWebSocket(incoming)
    return { type: 'presented', certificate: certificate ?? undefined, bearerToken }
  }

  /** Browsers cannot set headers on WebSockets, so upstream takes the token as a subprotocol. */
  #fromWebSocket({ headers }: IncomingMessage): string | undefined {
    const PREFIX = 'base64url.bearer.authorization.k8s.io.'
    const protocols = headers['sec-websocket-protocol']?.split(',').map((protocol) => protocol.trim())
    const found = protocols?.find((protocol) => protocol.startsWith(PREFIX))
    return found && Buffer.from(found.slice(PREFIX.length), 'base64url').toString('utf8')
  }

  #renderContext({ accept, query }: ApiRequest): RenderContext {
    // What a document or a log is asked for in is its own business: only objects care.
    let representation: Representation
    try {
      representation = negotiate(accept)
    } catch (err) {
      if (/openapi|text\/plain/.test(accept)) representation = { as: 'object', format: 'json' }
      else throw err
    }
    return {
      representation,
      include: includeObjectOf(query),
      now: this.#options.clock.now(),
      schemas: this.#options.schemas,
    }
  }
}

const EXTRA = 'impersonate-extra-'

/** A header that comes several times is several groups, so Node's merged view of the headers will not do. */
function impersonationOf({ headers, headersDistinct }: IncomingMessage): Pick<ApiRequest, 'impersonation'> {
  if (!Object.keys(headers).some((name) => name.startsWith('impersonate-'))) return {}
  const all = (name: string) => headersDistinct[name] ?? []
  const extra = Object.keys(headers).filter((name) => name.startsWith(EXTRA))
  return {
    impersonation: {
      user: all('impersonate-user')[0] ?? '',
      groups: all('impersonate-group'),
      uid: all('impersonate-uid')[0] ?? '',
      extra: Object.fromEntries(extra.map((name) => [unescaped(name.slice(EXTRA.length)), all(name)])),
    },
  }
}

function unescaped(key: string): string {
  try {
    return decodeURIComponent(key).toLowerCase()
  } catch {
    return key
  }
}

function certificateOf(socket: TLSSocket): PresentedCertificate | undefined {
  const certificate = socket.getPeerCertificate()
  const { subject } = certificate
  if (!subject) return undefined
  const list = (value: string | string[] | undefined) => (Array.isArray(value) ? value : value ? [value] : [])
  return {
    commonName: list(subject.CN)[0] ?? '',
    organizations: list(subject.O),
    isVerified: socket.authorized,
  }
}

function bodyOf(incoming: IncomingMessage): RequestBody {
  const length = incoming.headers['content-length']
  const hasBody = incoming.headers['transfer-encoding'] !== undefined || (length !== undefined && length !== '0')
  return hasBody ? { type: 'bytes', read: () => readBody(incoming) } : { type: 'none' }
}

function readBody(incoming: IncomingMessage): Promise<Buffer> {
  const tooLarge = () => new StatusError('RequestEntityTooLarge', `Request entity too large: limit is ${BODY_LIMIT}`)
  if (Number(incoming.headers['content-length'] ?? 0) > BODY_LIMIT) return Promise.reject(tooLarge())
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = []
    let length = 0
    incoming.on('data', (chunk: Buffer) => {
      length += chunk.length
      if (length > BODY_LIMIT) reject(tooLarge())
      else chunks.push(chunk)
    })
    incoming.on('end', () => resolve(chunks.length === 1 && chunks[0] ? chunks[0] : Buffer.concat(chunks)))
    incoming.on('error', reject)
    incoming.on('close', () => reject(new StatusError('BadRequest', 'the body ended early')))
  })
}

function sendBytes(response: ServerResponse, code: number, { contentType, body }: Rendered, request: ApiRequest): void {
  const send = (bytes: Buffer) => {
    response.writeHead(code, { 'Content-Type': contentType, 'Content-Length': bytes.length })
    response.end(request.method === 'HEAD' ? undefined : bytes)
  }
  const acceptsGzip = /\bgzip\b/.test(String(response.req.headers['accept-encoding'] ?? ''))
  if (body.length < GZIP_FROM || !acceptsGzip || code !== 200) {
    send(body)
    return
  }
  gzip(body, { level: 1 }, (err, packed) => {
    if (err || response.destroyed) return void response.destroy()
    response.setHeader('Content-Encoding', 'gzip')
    response.setHeader('Vary', 'Accept-Encoding')
    send(packed)
  })
}

function refuse(response: ServerResponse, error: StatusError): void {
  if (response.headersSent) return void response.destroy()
  const body = Buffer.from(JSON.stringify(error.toStatus()))
  const { retryAfterSeconds } = error.details ?? {}
  // A body that was not read to its end would be taken for the next request.
  const isUnread = !response.req.complete
  response.writeHead(error.code, {
    'Content-Type': 'application/json',
    'Content-Length': body.length,
    ...(retryAfterSeconds ? { 'Retry-After': String(retryAfterSeconds) } : {}),
    ...(isUnread ? { Connection: 'close' } : {}),
  })
  response.end(body)
}

const oneLine = (text: string) => text.replace(/[\r\n]+/g, ' ').replace(/[^\x20-\x7e]/g, '?')
