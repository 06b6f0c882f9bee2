// What goes wrong between the two ends of a connection, in the words of Go: they stand in events, conditions and refusals, and
// people and programs compare them with what they read elsewhere.
// Upstream: the standard library's net, net/http, crypto/tls and crypto/x509.

import type { Socket } from 'node:net'
import { type PeerCertificate, TLSSocket } from 'node:tls'
import { systemClock } from './clock.ts'

type NetError = NodeJS.ErrnoException & {
  address?: string
  port?: number
  hostname?: string
  /** Of a certificate that is somebody else's. */
  host?: string
  cert?: PeerCertificate
  /** Between whom the connection was: `10.0.0.1:4242->10.0.0.2:443`. */
  ends?: string
  /** What came, where HTTP was expected. */
  rawPacket?: Buffer
}

const CONNECT: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'connect: connection refused',
  ECONNRESET: 'connect: connection reset by peer',
  EHOSTUNREACH: 'connect: no route to host',
  ENETUNREACH: 'connect: network is unreachable',
  EADDRNOTAVAIL: 'connect: cannot assign requested address',
  ETIMEDOUT: 'i/o timeout',
}
const NOT_KNOWN = new Set([
  'CERT_SIGNATURE_FAILURE',
  'UNABLE_TO_GET_ISSUER_CERT',
  'UNABLE_TO_GET_ISSUER_CERT_LOCALLY',
  'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
  'SELF_SIGNED_CERT_IN_CHAIN',
  'DEPTH_ZERO_SELF_SIGNED_CERT',
])

/** Has errors of a connection that is about to be made tell of which certificate they are: Node does of one with other names only. */
export function keepCertificate(socket: Socket): void {
  if (!(socket instanceof TLSSocket)) return
  let cert: PeerCertificate | undefined
  const onError = (err: NetError) => {
    if (cert) err.cert ??= cert
  }
  // Before Node looks whether it is to be trusted, and closes.
  socket.prependOnceListener('secure', () => {
    cert = socket.getPeerCertificate(true)
  })
  socket.prependOnceListener('error', onError)
  // A chain takes some kilobytes, and connections stay open for long.
  socket.once('secureConnect', () => {
    cert = undefined
    socket.off('error', onError)
  })
}

/** Has errors of a connection that is about to be made tell between whom it was. */
export function keepEnds(socket: Socket): void {
  socket.once('connect', () => {
    // Nobody knows them any more when it is broken.
    const { localAddress = '', localPort, remoteAddress = '', remotePort } = socket
    const ends = `${hostWords(localAddress)}:${localPort}->${hostWords(remoteAddress)}:${remotePort}`
    socket.prependListener('error', (err: NetError) => {
      err.ends ??= ends
    })
  })
}

/** Both for a request, which may get a connection that has been made before. */
export function keepDetails(socket: Socket): void {
  if (!socket.connecting) return
  keepCertificate(socket)
  keepEnds(socket)
}

/** Why no connection was made, by the code that the system gave. */
export const connectWords = (code: string): string => CONNECT[code] ?? code

export const dialWords = (address: string, err: unknown): string => {
  const { code = '', message } = err as NetError
  return `dial tcp ${address}: ${CONNECT[code] ?? message}`
}

/** Why a request got no answer. `address` is where it went, for errors that do not say. */
export function requestWords(err: unknown, address = ''): string {
  const failed = (err instanceof AggregateError ? err.errors[0] : err) as NetError
  const { message, syscall, hostname, port, rawPacket } = failed
  // Others than the system's have numbers.
  const code = String(failed.code ?? '')
  if (failed.name === 'TimeoutError') return 'context deadline exceeded'
  if (failed.name === 'AbortError') return failed.cause === undefined ? 'context canceled' : requestWords(failed.cause)
  if (code === 'ENOTFOUND') return `dial tcp: lookup ${hostname}: no such host`
  if (code === 'EAI_AGAIN') return `dial tcp: lookup ${hostname}: server misbehaving`
  if (syscall === 'connect') {
    return dialWords(failed.address ? `${hostWords(failed.address)}:${port}` : address, failed)
  }
  const between = failed.ends ? `${syscall} tcp ${failed.ends}: ` : ''
  if (code === 'ECONNRESET') return syscall ? `${between}${syscall}: connection reset by peer` : 'EOF'
  if (code === 'EPIPE') return `${between}write: broken pipe`
  if (message.includes('wrong version number')) return 'http: server gave HTTP response to HTTPS client'
  if (code.startsWith('HPE_')) {
    const [line = ''] = (rawPacket ?? Buffer.alloc(0)).toString('latin1').split(/\r?\n/, 1)
    return `net/http: HTTP/1.x transport connection broken: malformed HTTP response ${JSON.stringify(line)}`
  }
  const distrust = certificateWords(failed)
  return distrust ? `tls: failed to verify certificate: x509: ${distrust}` : message
}

const hostWords = (address: string) => (address.includes(':') ? `[${address}]` : address)

function certificateWords({ code = '', host = '', cert }: NetError): string | undefined {
  if (NOT_KNOWN.has(code)) return 'certificate signed by unknown authority'
  if (code === 'CERT_HAS_EXPIRED' || code === 'CERT_NOT_YET_VALID') {
    // Of the machine, whatever clock the cluster has: OpenSSL has judged by that.
    const when = cert && validityWords(cert, new Date(systemClock.now()))
    return `certificate has expired or is not yet valid${when ? `: ${when}` : ''}`
  }
  if (code !== 'ERR_TLS_CERT_ALTNAME_INVALID') return undefined
  const isAddress = /^[\d.]+$|:/.test(host)
  const prefix = isAddress ? 'IP Address:' : 'DNS:'
  const names = (cert?.subjectaltname ?? '')
    .split(', ')
    .flatMap((one) => (one.startsWith(prefix) ? one.slice(prefix.length) : []))
  if (names.length > 0) return `certificate is valid for ${names.join(', ')}, not ${host}`
  if (isAddress) return `cannot validate certificate for ${host} because it doesn't contain any IP SANs`
  if (!cert?.subjectaltname && cert?.subject.CN)
    return 'certificate relies on legacy Common Name field, use SANs instead'
  return `certificate is not valid for any names, but wanted to match ${host}`
}

/** Of the first in the chain that is out of its time. */
function validityWords(cert: PeerCertificate & { issuerCertificate?: PeerCertificate }, now: Date): string | undefined {
  const [from, to] = [new Date(cert.valid_from), new Date(cert.valid_to)]
  const shown = (time: Date) => `${time.toISOString().slice(0, 19)}Z`
  if (now < from) return `current time ${shown(now)} is before ${shown(from)}`
  if (now > to) return `current time ${shown(now)} is after ${shown(to)}`
  const { issuerCertificate: issuer } = cert
  return issuer && issuer !== cert && issuer.fingerprint256 !== cert.fingerprint256
    ? validityWords(issuer, now)
    : undefined
}
