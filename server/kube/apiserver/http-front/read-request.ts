// A request off the wire, HTTP/1.1 or HTTP/2, as the request path knows it. Its body is read only when asked for.

import type { IncomingMessage, ServerResponse } from 'node:http'
import type { ServerHttp2Stream } from 'node:http2'
import type { TLSSocket } from 'node:tls'
import type { Clock } from '../../../base/clock.ts'
import type { ApiRequest, Credentials, PresentedCertificate, RequestBody } from '../request-path/api-request.ts'
import { Bodies } from './bodies.ts'

/** Node gives HTTP/2 the face of HTTP/1.1; what is behind it shows by the stream. */
export type Incoming = IncomingMessage & { stream?: ServerHttp2Stream }
export type Outgoing = ServerResponse<Incoming> & { stream?: ServerHttp2Stream }

export class RequestReader {
  readonly #bodies: Bodies
  readonly #certificates = new WeakMap<object, PresentedCertificate | null>()

  constructor(clock: Clock) {
    this.#bodies = new Bodies(clock)
  }

  read(incoming: Incoming, signal: AbortSignal): ApiRequest {
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
      body: this.#bodyOf(incoming),
      signal,
      remoteAddress: incoming.socket.remoteAddress ?? '',
      ...(headers['if-none-match'] ? { ifNoneMatch: headers['if-none-match'] } : {}),
      ...(headers['audit-id'] ? { auditId: text(headers['audit-id']) } : {}),
    }
  }

  #bodyOf(incoming: Incoming): RequestBody {
    const length = incoming.headers['content-length']
    const isOpen = incoming.stream ? !incoming.stream.endAfterHeaders : 'transfer-encoding' in incoming.headers
    const hasBody = length === undefined ? isOpen : length !== '0'
    return hasBody ? { type: 'bytes', read: () => this.#bodies.read(incoming) } : { type: 'none' }
  }

  #credentialsOf(incoming: Incoming): Credentials {
    const socket = incoming.socket as TLSSocket
    let certificate = this.#certificates.get(socket)
    if (certificate === undefined) {
      certificate = certificateOf(socket) ?? null
      this.#certificates.set(socket, certificate)
    }
    const { authorization } = incoming.headers
    const [scheme = '', proof = ''] = authorization?.trim().split(/\s+/, 2) ?? []
    return {
      type: 'presented',
      certificate: certificate ?? undefined,
      bearerToken: scheme.toLowerCase() === 'bearer' ? proof : fromWebSocket(incoming),
      basic: scheme.toLowerCase() === 'basic' ? passwordOf(proof) : undefined,
      // Few servers stand behind a proxy that says who somebody is: looked at only when asked.
      get headers() {
        return distinctHeaders(incoming)
      },
    }
  }
}

function passwordOf(proof: string): { name: string; password: string } {
  const text = Buffer.from(proof, 'base64').toString('utf8')
  const colon = text.indexOf(':')
  return colon < 0 ? { name: text, password: '' } : { name: text.slice(0, colon), password: text.slice(colon + 1) }
}

/** A header that comes several times has several values, which Node's merged view does not tell. */
function distinctHeaders({ rawHeaders }: Incoming): Record<string, string[]> {
  // A header may be called `constructor`, which every other object has.
  const headers: Record<string, string[]> = Object.create(null)
  for (let index = 0; index + 1 < rawHeaders.length; index += 2) {
    const name = rawHeaders[index]!.toLowerCase()
    headers[name] = [...(headers[name] ?? []), rawHeaders[index + 1]!]
  }
  return headers
}

/** Browsers cannot set headers on WebSockets, so upstream takes the token as a subprotocol. */
function fromWebSocket({ headers }: Incoming): string | undefined {
  const PREFIX = 'base64url.bearer.authorization.k8s.io.'
  const protocols = headers['sec-websocket-protocol']?.split(',').map((protocol) => protocol.trim())
  const found = protocols?.find((protocol) => protocol.startsWith(PREFIX))
  return found && Buffer.from(found.slice(PREFIX.length), 'base64url').toString('utf8')
}

const EXTRA = 'impersonate-extra-'

function impersonationOf(incoming: Incoming): Pick<ApiRequest, 'impersonation'> {
  if (!Object.keys(incoming.headers).some((name) => name.startsWith('impersonate-'))) return {}
  const headers = distinctHeaders(incoming)
  const extra = Object.entries(headers).filter(([name]) => name.startsWith(EXTRA))
  return {
    impersonation: {
      user: headers['impersonate-user']?.[0] ?? '',
      groups: headers['impersonate-group'] ?? [],
      uid: headers['impersonate-uid']?.[0] ?? '',
      extra: Object.fromEntries(extra.map(([name, values]) => [unescaped(name.slice(EXTRA.length)), values])),
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
    fingerprint: certificate.fingerprint256.replaceAll(':', '').toLowerCase(),
    raw: certificate.raw,
    ...(socket.authorized ? {} : { problem: String(socket.authorizationError ?? 'UNKNOWN') }),
  }
}
