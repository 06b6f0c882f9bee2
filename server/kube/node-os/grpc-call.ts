// One question to a gRPC server and its answer: HTTP/2 without TLS, a message out, a message back, a status at the end.
// A gRPC library for that would be a fifth of the node agent.

import http2 from 'node:http2'
import net from 'node:net'

/** As Go prints them, by number. */
const CODES = [
  ...['OK', 'Canceled', 'Unknown', 'InvalidArgument', 'DeadlineExceeded', 'NotFound', 'AlreadyExists'],
  ...['PermissionDenied', 'ResourceExhausted', 'FailedPrecondition', 'Aborted', 'OutOfRange', 'Unimplemented'],
  ...['Internal', 'Unavailable', 'DataLoss', 'Unauthenticated'],
]

export class GrpcCallError extends Error {
  override readonly name = 'GrpcCallError'
  /** `unconnected`: nobody who speaks HTTP/2 was reached; `late`: the answer did not come in time. */
  readonly how: 'unconnected' | 'late' | 'refused'
  readonly code: string
  /** What the server said. */
  readonly description: string

  constructor(how: GrpcCallError['how'], code: string, description: string) {
    super(`rpc error: code = ${code} desc = ${description}`)
    this.how = how
    this.code = code
    this.description = description
  }
}

export interface GrpcCall {
  to: { host: string; port: number } | { socketPath: string }
  /** `/grpc.health.v1.Health/Check`. */
  path: string
  message: Uint8Array
  timeoutMs: number
  userAgent: string
}

export function grpcCall({ to, path, message, timeoutMs, userAgent }: GrpcCall): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    let isConnected = false
    const session = open(to)
    const end = (settle: () => void) => {
      patience.removeEventListener('abort', late)
      settle()
      session.destroy()
    }
    const giveUp = (err?: Error) => {
      const error = isConnected
        ? new GrpcCallError('late', 'DeadlineExceeded', 'context deadline exceeded')
        : new GrpcCallError('unconnected', 'Unavailable', `connection error: ${err?.message ?? 'no answer'}`)
      end(() => reject(error))
    }
    const late = () => giveUp()
    const patience = AbortSignal.timeout(timeoutMs)
    patience.addEventListener('abort', late, { once: true })
    session.once('error', giveUp)
    // Whoever speaks HTTP/2 begins with its settings.
    session.once('remoteSettings', () => {
      isConnected = true
    })
    const call = session.request({
      ':method': 'POST',
      ':path': path,
      'content-type': 'application/grpc',
      te: 'trailers',
      'user-agent': userAgent,
    })
    const parts: Buffer[] = []
    const told: http2.IncomingHttpHeaders = {}
    call.on('response', (headers) => void Object.assign(told, headers))
    call.on('trailers', (trailers) => void Object.assign(told, trailers))
    call.on('data', (part: Buffer) => void parts.push(part))
    call.once('error', giveUp)
    call.once('end', () => {
      const refusal = refusalIn(told)
      // After the head of the message: not compressed, and its length.
      end(() => (refusal ? reject(refusal) : resolve(Buffer.concat(parts).subarray(HEAD_BYTES))))
    })
    call.end(framed(message))
  })
}

const HEAD_BYTES = 5

function open(to: GrpcCall['to']): http2.ClientHttp2Session {
  if ('socketPath' in to) {
    return http2.connect('http://localhost', { createConnection: () => net.connect(to.socketPath) })
  }
  return http2.connect(`http://${to.host.includes(':') ? `[${to.host}]` : to.host}:${to.port}`)
}

function framed(message: Uint8Array): Buffer {
  const head = Buffer.alloc(HEAD_BYTES)
  head.writeUInt32BE(message.length, 1)
  return Buffer.concat([head, message])
}

function refusalIn(told: http2.IncomingHttpHeaders): GrpcCallError | undefined {
  const status = told['grpc-status']
  if (status === undefined) {
    const why = `unexpected HTTP status code received from server: ${told[':status']}`
    return new GrpcCallError('refused', 'Unknown', why)
  }
  const code = CODES[Number(status)] ?? `Code(${status})`
  if (code === 'OK') return undefined
  return new GrpcCallError('refused', code, decodeURIComponent(String(told['grpc-message'] ?? '')))
}
