// Enough of gRPC to answer single questions at a Unix socket: a message in, a message out, a status at the end.

import { mkdirSync, rmSync } from 'node:fs'
import http2 from 'node:http2'
import { dirname } from 'node:path'
import type { MessageType } from '../../../server/base/protobuf.ts'

export type Answer = (question: Buffer) => Buffer

export function answer<Q, A>(question: MessageType<Q>, content: MessageType<A>, how: (asked: Q) => Partial<A>): Answer {
  return (bytes) => content.encode(how(question.decode(bytes)))
}

const UNIMPLEMENTED = 12
const INTERNAL = 13

export function serveGrpc(socket: string, answers: Record<string, Answer>): Promise<void> {
  const server = http2.createServer()
  server.on('stream', (stream, headers) => {
    const parts: Buffer[] = []
    stream.on('data', (part: Buffer) => void parts.push(part))
    stream.on('end', () => {
      let message: Buffer | undefined
      let status: Record<string, string | number> = { 'grpc-status': 0 }
      const how = answers[String(headers[':path'])]
      try {
        if (how) message = how(Buffer.concat(parts).subarray(5))
        else status = { 'grpc-status': UNIMPLEMENTED, 'grpc-message': 'unknown method' }
      } catch (err) {
        const why = err instanceof Error ? err.message : String(err)
        status = { 'grpc-status': INTERNAL, 'grpc-message': encodeURIComponent(why) }
      }
      stream.respond({ ':status': 200, 'content-type': 'application/grpc' }, { waitForTrailers: true })
      stream.on('wantTrailers', () => stream.sendTrailers(status))
      if (message) {
        const head = Buffer.alloc(5)
        head.writeUInt32BE(message.length, 1)
        stream.write(Buffer.concat([head, message]))
      }
      stream.end()
    })
  })
  mkdirSync(dirname(socket), { recursive: true })
  rmSync(socket, { force: true })
  return new Promise((resolve) => server.listen(socket, resolve))
}
