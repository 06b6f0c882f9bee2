// The HTTPS front: sockets, TLS, HTTP/2 and HTTP/1.1. Everything it lets in goes the same way as calls from inside.

import type { IncomingMessage, OutgoingHttpHeaders } from 'node:http'
import http2, { type Http2SecureServer, type ServerHttp2Session } from 'node:http2'
import type { Duplex } from 'node:stream'
import type { Clock } from '../../../base/clock.ts'
import { Unread } from '../../../base/unread.ts'
import { internalError, StatusError } from '../../apimachinery/status-error.ts'
import type { Schemas } from '../../schemas/schemas.ts'
import type { Answer, ConnectAnswer, WatchAnswer } from '../request-path/answer.ts'
import type { ApiRequest } from '../request-path/api-request.ts'
import { PLAIN } from '../request-path/negotiate.ts'
import type { Outcome } from '../request-path/outcome.ts'
import { endWhenIdle } from './idle-session.ts'
import { type KubeletCaller, rawAnswer, refusalOf } from './kubelet-caller.ts'
import { type Incoming, type Outgoing, RequestReader } from './read-request.ts'
import { type RenderContext, renderError, renderList, renderObject } from './render.ts'
import { ReverseProxy } from './reverse-proxy.ts'
import { commonHeaders, Sender } from './send.ts'
import { includeObjectOf } from './table.ts'
import { errorFrame, watchContentType, watchFrames } from './watch-frames.ts'
import { WatchWriters } from './watch-writers.ts'
import { type Upgrade, WebSocketAnswers } from './websocket-answers.ts'

export interface HttpsServerOptions {
  /** `caPems`: the authorities whose client certificates are looked at. */
  serving: { certPem: string; keyPem: string; caPems: string[] }
  handle(request: ApiRequest): Promise<Outcome>
  kubelet: KubeletCaller
  clock: Clock
  schemas: Schemas
}

/** As upstream: watches of one client share a connection, and this is how many it may have there. */
const STREAMS = 250

/** For answers under way when the server is closed. */
const DRAIN_MS = 5_000

const GONE = new StatusError('Timeout', 'the client has gone')

export class HttpsFront {
  readonly #options: HttpsServerOptions
  readonly #proxy: ReverseProxy
  readonly #reader: RequestReader
  readonly #unread = new Unread()
  readonly #sender: Sender
  readonly #writers = new WatchWriters(this.#unread)
  readonly #webSockets = new WebSocketAnswers(this.#unread)
  #serving: HttpsServerOptions['serving']
  readonly #servers = new Set<Http2SecureServer>()
  readonly #sockets = new Set<Duplex>()
  readonly #sessions = new Set<ServerHttp2Session>()
  /** Answers that are not sent yet, but for those that stream. */
  readonly #open = new Set<Outgoing>()
  #drained: (() => void) | undefined

  constructor(options: HttpsServerOptions) {
    this.#options = options
    this.#serving = options.serving
    this.#proxy = new ReverseProxy(options.kubelet)
    this.#reader = new RequestReader(options.clock)
    this.#sender = new Sender(this.#unread, options.clock)
  }

  async listen({ host, port }: { host: string; port: number }): Promise<{ host: string; port: number }> {
    const { certPem, keyPem, caPems } = this.#serving
    const server = http2.createSecureServer({
      allowHTTP1: true,
      cert: certPem,
      key: keyPem,
      ca: caPems,
      requestCert: true,
      // Whoever shows no certificate may still have a token, or be content with what everybody may read.
      rejectUnauthorized: false,
      settings: { maxConcurrentStreams: STREAMS },
      // In MB, of one connection: large lists of several streams at once.
      maxSessionMemory: 256,
      noDelay: true,
      ...HTTP1,
    })
    server.on(
      'request',
      (request: unknown, response: unknown) => void this.#serve(request as Incoming, response as Outgoing),
    )
    server.on(
      'upgrade',
      (request: IncomingMessage, socket: Duplex, head: Buffer) => void this.#upgrade(request, socket, head),
    )
    Object.assign(server, { shouldUpgradeCallback: mayUpgrade })
    server.on('tlsClientError', (_err, socket) => socket.destroy())
    server.on('sessionError', () => {})
    server.on('session', (session) => {
      this.#sessions.add(session)
      session.on('close', () => this.#sessions.delete(session))
      endWhenIdle(session, this.#options.clock)
    })
    const hold = (socket: Duplex) => {
      this.#sockets.add(socket)
      socket.on('close', () => this.#sockets.delete(socket))
    }
    // Whoever is still shaking hands when the server closes would keep it open.
    server.on('connection', hold)
    server.on('secureConnection', hold)
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject)
      server.listen({ host, port }, () => resolve())
    })
    this.#servers.add(server)
    const address = server.address()
    return { host, port: typeof address === 'object' && address ? address.port : port }
  }

  /** Whoever comes from now on is shown this one; who is connected stays so. */
  renew(pair: { certPem: string; keyPem: string }): void {
    this.#serving = { ...this.#serving, ...pair }
    const { certPem, keyPem, caPems } = this.#serving
    for (const server of this.#servers) server.setSecureContext({ cert: certPem, key: keyPem, ca: caPems })
  }

  /** Takes nothing new, lets what is under way be answered, and then hangs up. */
  async close(): Promise<void> {
    const closed = [...this.#servers].map((server) => new Promise<void>((resolve) => server.close(() => resolve())))
    for (const session of this.#sessions) session.close()
    if (this.#open.size > 0) {
      const drained = new Promise<void>((resolve) => {
        this.#drained = resolve
      })
      await Promise.race([drained, this.#options.clock.sleep(DRAIN_MS)])
    }
    for (const socket of this.#sockets) socket.destroy()
    await Promise.all(closed)
    this.#servers.clear()
  }

  #answered(response: Outgoing): void {
    if (this.#open.delete(response) && this.#open.size === 0) this.#drained?.()
  }

  async #serve(incoming: Incoming, response: Outgoing): Promise<void> {
    const gone = new AbortController()
    // An answer that has been sent is no reason to abort anything, and aborting is not free.
    this.#open.add(response)
    response.on('close', () => {
      this.#answered(response)
      if (!response.writableFinished) gone.abort(GONE)
    })
    response.on('error', () => gone.abort(GONE))
    let context = this.#plainContext()
    let headers: OutgoingHttpHeaders = {}
    try {
      const request = this.#reader.read(incoming, gone.signal)
      const outcome = await this.#options.handle(request)
      if (gone.signal.aborted) return
      headers = commonHeaders(outcome)
      const { representation } = outcome.context
      context = { ...context, representation }
      if (!outcome.ok) throw outcome.error
      if (representation.as === 'table') context = { ...context, include: includeObjectOf(request.query) }
      await this.#send(response, { outcome, request, context, headers, signal: gone.signal })
    } catch (err) {
      const error =
        err instanceof StatusError ? err : new StatusError('InternalError', 'Internal error occurred', { cause: err })
      this.#sender.refuse(response, error, renderError(error, context), headers)
    }
  }

  #plainContext(): RenderContext {
    const { clock, schemas } = this.#options
    return { representation: PLAIN, include: 'Metadata', now: clock.now(), schemas }
  }

  async #send(
    response: Outgoing,
    told: {
      outcome: Outcome & { ok: true }
      request: ApiRequest
      context: RenderContext
      headers: OutgoingHttpHeaders
      signal: AbortSignal
    },
  ): Promise<void> {
    const { outcome, request, context, headers, signal } = told
    const { answer } = outcome
    if (isStream(answer)) this.#answered(response)
    switch (answer.type) {
      case 'object':
        return this.#sender.send(response, answer.code, renderObject(answer, context), headers)
      case 'list':
        return this.#sender.send(response, 200, renderList(answer, context), headers)
      case 'document': {
        const { contentType, body, etag } = answer
        const all = { ...headers, ...answer.headers, ...(etag ? { ETag: etag } : {}) }
        if (etag && request.ifNoneMatch === etag) {
          response.writeHead(304, all).end()
          return
        }
        return this.#sender.send(
          response,
          answer.code,
          { contentType, body: typeof body === 'string' ? Buffer.from(body) : body },
          all,
        )
      }
      case 'watch':
        return this.#sendWatch(response, answer, context, headers)
      case 'connect':
        return this.#sendKubelet(response, answer, headers, signal)
      case 'proxy':
        for (const [name, value] of Object.entries(headers)) response.setHeader(name, value ?? '')
        return this.#proxy.serve(answer, response.req, response, signal)
    }
  }

  #sendWatch(response: Outgoing, answer: WatchAnswer, context: RenderContext, headers: OutgoingHttpHeaders): void {
    response.writeHead(200, { ...headers, 'Content-Type': watchContentType(context.representation) })
    response.flushHeaders()
    let isEnded = false
    const { form, frameOf } = watchFrames(answer.kind, context, this.#options.clock)
    const writer = this.#writers.of(response)
    const watch = answer.start({
      event: (event) => writer.write(frameOf(event)),
      shared: (view) => {
        if (form === undefined) return undefined
        const channel = this.#writers.channelOf(view, form, frameOf)
        writer.join(channel)
        return channel
      },
      end: (error) => {
        isEnded = true
        writer.end(error && errorFrame(error, context))
      },
    })
    response.on('close', () => {
      writer.drop()
      if (!isEnded) watch[Symbol.dispose]()
    })
  }

  async #sendKubelet(
    response: Outgoing,
    target: ConnectAnswer,
    headers: OutgoingHttpHeaders,
    signal: AbortSignal,
  ): Promise<void> {
    const answer = await this.#options.kubelet.get(target, signal)
    if (answer.statusCode !== 200) throw await refusalOf(answer)
    response.writeHead(200, { ...headers, 'Content-Type': answer.headers['content-type'] ?? 'text/plain' })
    response.flushHeaders()
    answer.on('error', () => response.destroy())
    answer.pipe(response)
  }

  /** Of HTTP/1.1 only: SPDY and WebSocket clients ask for nothing else. */
  async #upgrade(incoming: IncomingMessage, socket: Duplex, head: Buffer): Promise<void> {
    socket.on('error', () => socket.destroy())
    const gone = new AbortController()
    socket.once('close', () => gone.abort(GONE))
    try {
      const request = { ...this.#reader.read(incoming, gone.signal), body: { type: 'none' } as const }
      const outcome = await this.#options.handle(request)
      if (!outcome.ok) throw outcome.error
      await this.#sendUpgraded(outcome, { incoming, socket, head }, gone.signal)
    } catch (err) {
      if (socket.writable) socket.end(rawAnswer(err instanceof StatusError ? err : internalError(err)))
    }
  }

  async #sendUpgraded(
    { answer, context }: Outcome & { ok: true },
    upgrade: Upgrade,
    signal: AbortSignal,
  ): Promise<void> {
    const { incoming, socket, head } = upgrade
    const { kubelet, clock } = this.#options
    if (answer.type === 'proxy') return this.#proxy.upgrade(answer, incoming, socket, head)
    const isWebSocket = /^websocket$/i.test(incoming.headers.upgrade ?? '')
    if (answer.type === 'connect' && answer.isOutput && isWebSocket) {
      return this.#webSockets.output(upgrade, () => kubelet.stream(answer, signal))
    }
    if (answer.type === 'watch' && isWebSocket) {
      const rendering = { ...this.#plainContext(), representation: context.representation }
      return this.#webSockets.watch(upgrade, answer, watchFrames(answer.kind, rendering, clock), rendering)
    }
    if (answer.type !== 'connect' || answer.isOutput) {
      throw new StatusError('BadRequest', 'this request cannot be upgraded')
    }
    kubelet.upgrade(answer, { method: incoming.method ?? 'GET', headers: incoming.headers, socket, head })
  }
}

const STREAMED = /\/(?:exec|attach|portforward|log|proxy)(?:[/?]|$)/

/** Of watches, and of what servers of other APIs do with connections. */
const CONNECTIONS = /^(?:websocket|spdy\/3\.1)$/i
const BARE = /^(?:GET|POST)$/

/**
 * Whether a request is one for its connection. Any other that says `Upgrade` is served as if it did not, as Go does it: once
 * it is taken for one, its body is not read. (By the name under which Node's own HTTP server asks; its HTTP/2 server has no
 * option for it.)
 */
function mayUpgrade({ method, url = '', headers }: IncomingMessage): boolean {
  return STREAMED.test(url) || (BARE.test(method ?? '') && CONNECTIONS.test(headers.upgrade ?? ''))
}

const isStream = ({ type }: Answer) => type === 'watch' || type === 'connect' || type === 'proxy'

/** What Node takes for its HTTP/1.1 half, though the types of its HTTP/2 server do not say so. */
const HTTP1: object = {
  keepAliveTimeout: 90_000,
  // For what a client sends; answers, and so watches, may take as long as they like.
  requestTimeout: 60_000,
}
