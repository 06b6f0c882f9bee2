// Carries a request to a pod, a service or a node, and the answer back. The address is dialled by the kubelet of a
// machine, so that this process never connects to what a learner has written into an object (docs/decisions/0008).
// Upstream: apimachinery/pkg/util/proxy: upgradeaware.go, transport.go.

import http, { type IncomingMessage, type OutgoingHttpHeaders } from 'node:http'
import type { Duplex } from 'node:stream'
import tls from 'node:tls'
import { joinDuplexes } from '../../../base/join-duplexes.ts'
import { keepCertificate, requestWords } from '../../../base/net-errors.ts'
import { rewriteUrl } from '../../../base/rewrite-url.ts'
import { StatusError } from '../../apimachinery/status-error.ts'
import type { ProxyAnswer } from '../request-path/answer.ts'
import { type KubeletCaller, rawAnswer } from './kubelet-caller.ts'
import type { Incoming, Outgoing } from './read-request.ts'
import { rewriteHtml } from './rewrite-html.ts'

/** Longer pages are handed through as they are. */
const HTML_LIMIT = 4 * 1024 * 1024
/** Of one connection only, or the client's proof of who it is, which is nobody's business behind this door. */
const NOT_PASSED_ON = new Set([
  'host',
  'authorization',
  'proxy-authorization',
  'connection',
  'keep-alive',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
  'accept-encoding',
  'podium-because',
])
/** Who asks is said by this server alone. */
const REMOTE = /^(?:x-remote-|impersonate-)/
const NOT_PASSED_BACK = /^(?:connection|keep-alive|transfer-encoding|access-control-.*)$/

export class ReverseProxy {
  readonly #kubelet: KubeletCaller

  constructor(kubelet: KubeletCaller) {
    this.#kubelet = kubelet
  }

  async serve(target: ProxyAnswer, incoming: Incoming, response: Outgoing, signal: AbortSignal): Promise<void> {
    const query = queryOf(incoming)
    if (target.path === '' && (incoming.method === 'GET' || incoming.method === 'HEAD')) {
      response.writeHead(301, { Location: `${target.prefix}/${query}` }).end()
      return
    }
    const outgoing = await this.#request(target, incoming, {})
    signal.addEventListener('abort', () => outgoing.destroy(), { once: true })
    const answer = await new Promise<IncomingMessage>((resolve, reject) => {
      outgoing.on('response', resolve)
      outgoing.on('error', (err) => reject(unreachable(err)))
      // Of somebody who was not asked to take over the connection.
      outgoing.on('upgrade', (answer, peer) => {
        peer.destroy()
        reject(unreachable(new Error(`unexpected answer: ${answer.statusCode} ${answer.statusMessage}`)))
      })
      incoming.on('error', () => outgoing.destroy())
      incoming.pipe(outgoing)
    })
    await passBack(answer, response, { prefix: target.prefix, host: hostOf(target) })
  }

  /** WebSocket and whatever else asks for the connection itself. */
  async upgrade(target: ProxyAnswer, incoming: IncomingMessage, socket: Duplex, head: Buffer): Promise<void> {
    const { upgrade = '' } = incoming.headers
    const outgoing = await this.#request(target, incoming, { connection: 'Upgrade', upgrade })
    socket.once('close', () => outgoing.destroy())
    outgoing.on('upgrade', (answer, peer, peerHead) => {
      socket.write(headOf(answer))
      if (peerHead.length > 0) peer.unshift(peerHead)
      if (head.length > 0) socket.unshift(head)
      joinDuplexes(socket, peer)
    })
    outgoing.on('response', (answer) => {
      socket.write(headOf(answer, { connection: 'close' }))
      answer.pipe(socket)
    })
    outgoing.on('error', (err) => {
      if (socket.writable) socket.end(rawAnswer(unreachable(err)))
    })
    outgoing.end()
  }

  async #request(target: ProxyAnswer, incoming: Incoming, extra: OutgoingHttpHeaders) {
    const path = `${target.path || '/'}${queryOf(incoming)}`
    const { aggregated } = target
    const headers = { ...passedOn(incoming, target), ...extra, ...aggregated?.headers }
    const method = incoming.method ?? 'GET'
    if (!target.through) return this.#kubelet.request({ ...target, path }, { method, headers })
    const tunnel = await this.#kubelet.tunnel(target.through, target).catch((err: unknown) => {
      throw unreachable(err)
    })
    // Whoever is reached has a certificate of his own making, if any. Upstream does not look at it either.
    const known = aggregated && {
      servername: aggregated.serverName,
      rejectUnauthorized: !aggregated.isInsecure,
      ...(aggregated.caBundle ? { ca: Buffer.from(aggregated.caBundle, 'base64') } : {}),
      ...(aggregated.certificate ? { cert: aggregated.certificate.certPem, key: aggregated.certificate.keyPem } : {}),
    }
    const secure = { socket: tunnel, rejectUnauthorized: false, ...known }
    const socket = target.scheme === 'https' ? tls.connect(secure) : tunnel
    if (socket instanceof tls.TLSSocket) keepCertificate(socket)
    return http.request({ method, path, headers, createConnection: () => socket as never, setDefaultHeaders: false })
  }
}

function passedOn(incoming: Incoming, target: ProxyAnswer): OutgoingHttpHeaders {
  const headers: OutgoingHttpHeaders = { host: hostOf(target) }
  for (const [name, value] of Object.entries(incoming.headers)) {
    if (target.aggregated && REMOTE.test(name)) continue
    if (value !== undefined && !NOT_PASSED_ON.has(name) && !name.startsWith(':') && !isToken(name, value))
      headers[name] = value
  }
  const from = incoming.socket.remoteAddress
  const before = incoming.headers['x-forwarded-for']
  headers['x-forwarded-for'] = [before, from].filter(Boolean).join(', ')
  headers['x-forwarded-host'] = incoming.headers.host ?? incoming.headers[':authority'] ?? ''
  headers['x-forwarded-proto'] = 'https'
  headers['x-forwarded-uri'] = `${target.prefix}${target.path}`
  return headers
}

/** A browser's way to say who it is. */
const isToken = (name: string, value: string | string[]) =>
  name === 'sec-websocket-protocol' && String(value).includes('base64url.bearer.authorization')

async function passBack(answer: IncomingMessage, response: Outgoing, where: { prefix: string; host: string }) {
  const headers: OutgoingHttpHeaders = {}
  for (const [name, value] of Object.entries(answer.headers)) {
    if (value !== undefined && !NOT_PASSED_BACK.test(name)) headers[name] = value
  }
  if (typeof headers.location === 'string') headers.location = rewriteUrl(headers.location, where)
  const code = answer.statusCode ?? 502
  answer.on('error', () => response.destroy())
  const isHtml = /^text\/html\b/i.test(String(headers['content-type'] ?? '')) && !headers['content-encoding']
  if (!isHtml || response.req.method === 'HEAD') {
    response.writeHead(code, headers)
    answer.pipe(response)
    return
  }
  const chunks: Buffer[] = []
  let length = 0
  for await (const chunk of answer.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>) {
    chunks.push(chunk)
    length += chunk.length
    if (length <= HTML_LIMIT) continue
    response.writeHead(code, headers)
    for (const early of chunks) response.write(early)
    answer.pipe(response)
    return
  }
  // One byte, one character: what the page says in whatever alphabet is left alone.
  const page = Buffer.from(rewriteHtml(Buffer.concat(chunks).toString('latin1'), where), 'latin1')
  response.writeHead(code, { ...headers, 'content-length': page.length })
  response.end(page)
}

function headOf(answer: IncomingMessage, replaced: Record<string, string> = {}): string {
  const lines = [`HTTP/1.1 ${answer.statusCode} ${answer.statusMessage ?? ''}`]
  for (let index = 0; index + 1 < answer.rawHeaders.length; index += 2) {
    const [name = '', value = ''] = answer.rawHeaders.slice(index, index + 2)
    const isReplaced = name.toLowerCase() in replaced || name.toLowerCase() === 'transfer-encoding'
    if (!isReplaced || answer.statusCode === 101) lines.push(`${name}: ${value}`)
  }
  if (answer.statusCode !== 101) lines.push(...Object.entries(replaced).map(([name, value]) => `${name}: ${value}`))
  return `${lines.join('\r\n')}\r\n\r\n`
}

const queryOf = ({ url = '' }: Incoming) => (url.includes('?') ? url.slice(url.indexOf('?')) : '')

const hostOf = ({ host, port, scheme }: ProxyAnswer) => {
  const name = host.includes(':') ? `[${host}]` : host
  return port === (scheme === 'https' ? 443 : 80) ? name : `${name}:${port}`
}

function unreachable(err: unknown): StatusError {
  return new StatusError('ServiceUnavailable', `error trying to reach service: ${requestWords(err)}`, { cause: err })
}
