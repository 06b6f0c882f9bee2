// One HTTP request and its answer, whichever version of HTTP it came by, as much of it as the JSON gateway needs.

import type { IncomingMessage, ServerResponse } from 'node:http'
import { costOf, type Unfinished } from '../../../base/unfinished.ts'
import type { Unread } from '../../../base/unread.ts'
import { tooManyRequests } from './grpc-status.ts'
import type { Headers } from './http2/header-blocks.ts'
import { type Http2Stream, PackedHeaders } from './http2/stream.ts'

export interface Exchange {
  readonly method: string
  /** With its query. */
  readonly path: string
  /** All of it, or a `BodyTooLargeError`, or etcd's word for too many at once. */
  body(): Promise<Buffer>
  /** All of it at once. */
  answer(status: number, contentType: string, text: string): void
  /** What is written follows bit by bit. */
  begin(contentType: string): void
  write(text: string): void
  end(text?: string): void
  readonly isFull: boolean
  onClose(run: () => void): void
  onDrain(run: () => void): void
}

const FULL_BYTES = 256 * 1024
const MAX_BODY_BYTES = 4 * 1024 * 1024

export class BodyTooLargeError extends Error {}

export function http1Exchange(
  request: IncomingMessage,
  response: ServerResponse,
  { unread, unfinished }: { unread: Unread; unfinished: Unfinished },
): Exchange {
  const noting = (_written: unknown) => unread.note(response)
  return {
    method: request.method ?? '',
    path: request.url ?? '/',
    async body() {
      const pieces: Buffer[] = []
      let bytes = 0
      try {
        for await (const piece of request) {
          bytes += costOf(piece)
          const hasRoom = unfinished.take(costOf(piece))
          if (bytes > MAX_BODY_BYTES) throw new BodyTooLargeError()
          if (!hasRoom) throw tooManyRequests()
          pieces.push(piece)
        }
        return Buffer.concat(pieces)
      } finally {
        unfinished.giveBack(bytes)
      }
    },
    answer: (status, contentType, text) =>
      noting(response.writeHead(status, { 'content-type': contentType }).end(text)),
    begin: (contentType) => response.writeHead(200, { 'content-type': contentType }).flushHeaders(),
    write: (text) => noting(response.write(text)),
    end: (text) => noting(response.end(text)),
    get isFull() {
      return response.writableLength > FULL_BYTES
    },
    onClose: (run) => response.on('close', run),
    onDrain: (run) => response.on('drain', run),
  }
}

/**
 * To be called when the stream begins. Nothing is answered before all of the request has come: curl and Node's client are
 * still sending then, and wait for ever.
 */
export function http2Exchange(stream: Http2Stream, headers: Headers, unfinished: Unfinished): Exchange {
  let pieces: Buffer[] = []
  let held = 0
  let refused: Error | undefined
  const giveBack = () => {
    unfinished.giveBack(held)
    held = 0
  }
  const refuse = (error: Error) => {
    refused = error
    pieces = []
    giveBack()
  }
  stream.onData = (piece) => {
    if (refused) return
    const cost = costOf(piece)
    held += cost
    const hasRoom = unfinished.take(cost)
    if (held > MAX_BODY_BYTES) refuse(new BodyTooLargeError())
    else if (!hasRoom) refuse(tooManyRequests())
    else pieces.push(piece)
  }
  stream.onClose = giveBack
  const whole = new Promise<void>((resolve) => {
    stream.onEnd = () => {
      giveBack()
      resolve()
    }
  })
  const respond = (status: number, contentType: string) =>
    stream.respond(new PackedHeaders({ ':status': String(status), 'content-type': contentType }))
  return {
    method: headers.get(':method') ?? '',
    path: headers.get(':path') ?? '/',
    async body() {
      await whole
      if (refused) throw refused
      return Buffer.concat(pieces)
    },
    answer(status, contentType, text) {
      void whole.then(() => {
        respond(status, contentType)
        stream.write(Buffer.from(text))
        stream.end()
      })
    },
    begin: (contentType) => respond(200, contentType),
    write: (text) => stream.write(Buffer.from(text)),
    end(text) {
      if (text !== undefined) stream.write(Buffer.from(text))
      stream.end()
    },
    get isFull() {
      return stream.isFull
    },
    onClose(run) {
      stream.onClose = run
    },
    onDrain(run) {
      stream.onDrain = run
    },
  }
}
