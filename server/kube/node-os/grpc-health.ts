// One call of grpc.health.v1.Health/Check, for probes: HTTP/2 without TLS, a message of one string out, one of one number
// back. A gRPC library for that would be a fifth of the node agent.

import http2 from 'node:http2'

export interface GrpcHealthRequest {
  host: string
  port: number
  /** Empty means the server as a whole. */
  service: string
  timeoutMs: number
  userAgent: string
}

export type GrpcHealth =
  | { status: 'UNKNOWN' | 'SERVING' | 'NOT_SERVING' | 'SERVICE_UNKNOWN' }
  /** Nobody who speaks HTTP/2 was reached, or the answer did not come in time. */
  | { error: 'unconnected' }
  | { error: 'late' }
  | { error: 'refused'; code: string; message: string }

const STATUSES = ['UNKNOWN', 'SERVING', 'NOT_SERVING', 'SERVICE_UNKNOWN'] as const
/** As Go prints them, by number. */
const CODES = [
  ...['OK', 'Canceled', 'Unknown', 'InvalidArgument', 'DeadlineExceeded', 'NotFound', 'AlreadyExists'],
  ...['PermissionDenied', 'ResourceExhausted', 'FailedPrecondition', 'Aborted', 'OutOfRange', 'Unimplemented'],
  ...['Internal', 'Unavailable', 'DataLoss', 'Unauthenticated'],
]

export function grpcHealth({ host, port, service, timeoutMs, userAgent }: GrpcHealthRequest): Promise<GrpcHealth> {
  return new Promise((resolve) => {
    let isConnected = false
    const session = http2.connect(`http://${host.includes(':') ? `[${host}]` : host}:${port}`)
    const end = (health: GrpcHealth) => {
      clearTimeout(timer)
      resolve(health)
      session.destroy()
    }
    const giveUp = () => end({ error: isConnected ? 'late' : 'unconnected' })
    // A connection to somebody else's server must not outlive its question, whatever the clock of a test says.
    const timer = setTimeout(giveUp, timeoutMs)
    session.once('error', giveUp)
    // Whoever speaks HTTP/2 begins with its settings.
    session.once('remoteSettings', () => {
      isConnected = true
    })
    const call = session.request({
      ':method': 'POST',
      ':path': '/grpc.health.v1.Health/Check',
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
    call.once('end', () => end(healthOf(Buffer.concat(parts), told)))
    call.end(requestFor(service))
  })
}

/** Each message has a head: not compressed, and its length. Field 1, a string. */
function requestFor(service: string): Buffer {
  const name = Buffer.from(service)
  const message = name.length === 0 ? name : Buffer.concat([Buffer.from([0x0a]), varint(name.length), name])
  const head = Buffer.alloc(5)
  head.writeUInt32BE(message.length, 1)
  return Buffer.concat([head, message])
}

function varint(value: number): Buffer {
  const bytes: number[] = []
  for (let rest = value; ; rest >>>= 7) {
    if (rest < 0x80) return Buffer.from([...bytes, rest])
    bytes.push((rest & 0x7f) | 0x80)
  }
}

function healthOf(answer: Buffer, told: http2.IncomingHttpHeaders): GrpcHealth {
  const status = told['grpc-status']
  if (status === undefined) {
    const message = `unexpected HTTP status code received from server: ${told[':status']}`
    return { error: 'refused', code: 'Unknown', message }
  }
  const code = CODES[Number(status)] ?? `Code(${status})`
  if (code !== 'OK') {
    return { error: 'refused', code, message: decodeURIComponent(String(told['grpc-message'] ?? '')) }
  }
  // Field 1, a number; zero is left out. All that there are fit into one byte.
  const value = answer[5] === 0x08 ? (answer[6] ?? 0) : 0
  return { status: STATUSES[value] ?? 'UNKNOWN' }
}
