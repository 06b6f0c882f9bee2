// What goes back over the wire: bytes with their headers, packed when that is worth it, and refusals.

import type { OutgoingHttpHeaders } from 'node:http'
import { gzip } from 'node:zlib'
import type { Clock } from '../../../base/clock.ts'
import type { Unread } from '../../../base/unread.ts'
import type { StatusError } from '../../apimachinery/status-error.ts'
import type { Outcome } from '../request-path/outcome.ts'
import type { Outgoing } from './read-request.ts'
import type { Rendered } from './render.ts'

const GZIP_FROM = 128 * 1024
/** Bodies wait to be packed by few threads; beyond these they go as they are. */
const MOST_PACKED = 16
/** Many that are smaller and not read are little together. */
const SLOW_FROM = 16 * 1024
const LONGEST_MS = 60_000

/** Of every answer that went the whole way. They are written with the others at once: setHeader() looks at each anew. */
export function commonHeaders({ context }: Outcome): OutgoingHttpHeaders {
  const headers: OutgoingHttpHeaders = { 'Audit-Id': context.auditId, 'Cache-Control': 'no-cache, private' }
  if (context.flow) {
    headers['X-Kubernetes-PF-FlowSchema-UID'] = context.flow.schemaUid
    headers['X-Kubernetes-PF-PriorityLevel-UID'] = context.flow.levelUid
  }
  if (context.warnings.length > 0) {
    const texts = shortened(context.warnings.map(oneLine))
    headers.Warning = texts.map((text) => `299 - ${JSON.stringify(text)}`)
  }
  return headers
}

const ALL_WARNINGS = 4096
const ONE_OF_MANY = 256

/** Headers have an end: many or long warnings are cut short, and the last are left out, as upstream. */
function shortened(texts: string[]): string[] {
  const length = (of: string[]) => of.reduce((sum, text) => sum + text.length, 0)
  if (length(texts) <= ALL_WARNINGS) return texts
  const short = texts.map((text) => (text.length > ONE_OF_MANY ? `${text.slice(0, ONE_OF_MANY)}...` : text))
  while (length(short) > ALL_WARNINGS) short.pop()
  return short
}

/** Sends whole answers. */
export class Sender {
  readonly #unread: Unread
  readonly #clock: Clock
  #packing = 0

  constructor(unread: Unread, clock: Clock) {
    this.#unread = unread
    this.#clock = clock
  }

  send(response: Outgoing, code: number, { contentType, body }: Rendered, common: OutgoingHttpHeaders): void {
    const { method, headers } = response.req
    const send = (bytes: Buffer, more: OutgoingHttpHeaders = {}) => {
      response.writeHead(code, { ...common, ...more, 'Content-Type': contentType, 'Content-Length': bytes.length })
      this.#end(response, method === 'HEAD' ? undefined : bytes)
    }
    const isPacked =
      body.length >= GZIP_FROM && code === 200 && /\bgzip\b/.test(String(headers['accept-encoding'] ?? ''))
    if (!isPacked || this.#packing >= MOST_PACKED) {
      send(body)
      return
    }
    this.#packing++
    gzip(body, { level: 1 }, (err, packed) => {
      this.#packing--
      if (err || response.destroyed) return void response.destroy()
      send(packed, { 'Content-Encoding': 'gzip', Vary: 'Accept-Encoding' })
    })
  }

  refuse(response: Outgoing, error: StatusError, { contentType, body }: Rendered, common: OutgoingHttpHeaders): void {
    if (response.headersSent) return void response.destroy()
    const { retryAfterSeconds } = error.details ?? {}
    // On HTTP/1.1 a body that was not read to its end would be taken for the next request.
    const isUnread = !response.req.complete && !response.stream
    response.writeHead(error.code, {
      ...common,
      'Content-Type': contentType,
      'Content-Length': body.length,
      ...(retryAfterSeconds ? { 'Retry-After': String(retryAfterSeconds) } : {}),
      ...(isUnread ? { Connection: 'close' } : {}),
    })
    this.#end(response, body)
  }

  #end(response: Outgoing, bytes: Buffer | undefined): void {
    response.end(bytes)
    this.#unread.note(response)
    if (bytes && bytes.length >= SLOW_FROM) this.#letGoWhenSlow(response)
  }

  /** As upstream: an answer that nobody reads ends with the time that its request had. */
  #letGoWhenSlow(response: Outgoing): void {
    const timer = this.#clock.setTimeout(() => response.destroy(), LONGEST_MS)
    response.once('close', () => timer[Symbol.dispose]())
  }
}

const oneLine = (text: string) => text.replace(/[\r\n]+/g, ' ').replace(/[^\x20-\x7e]/g, '?')
