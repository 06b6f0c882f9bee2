// To the members of an etcd cluster: one at a time, the next one when it is gone. Upstream: client/v3/client.go.

import {
  type ChannelCredentials,
  Client,
  type ClientDuplexStream,
  type ClientReadableStream,
  credentials,
  Metadata,
  type ServiceError,
} from '@grpc/grpc-js'
import type { MessageType } from '../../../base/protobuf.ts'
import { storeErrorOf } from './etcd-error.ts'

/** As long as etcd itself would look for a leader, and some. */
const REQUEST_TIMEOUT_MS = 10_000

const CHANNEL_OPTIONS = {
  'grpc.max_receive_message_length': 2 ** 31 - 1,
  // A member that was away is wanted again soon; the library would wait up to two minutes.
  'grpc.initial_reconnect_backoff_ms': 100,
  'grpc.max_reconnect_backoff_ms': 2000,
  // A member that is cut off says nothing, not even that it is gone. As upstream's API server.
  'grpc.keepalive_time_ms': 30_000,
  'grpc.keepalive_timeout_ms': 10_000,
}

export interface EtcdConnectionOptions {
  /** `http://10.0.0.1:2379`, `https://…`, or without a scheme. */
  endpoints: string[]
  /** PEM. Needed for https. */
  tls?: { ca: string | Buffer; cert?: string | Buffer; key?: string | Buffer }
}

export interface Method<Request, Response> {
  path: string
  request: MessageType<Request>
  response: MessageType<Response>
}

export class EtcdConnection implements Disposable {
  readonly #clients: Client[]
  #current = 0

  constructor({ endpoints, tls }: EtcdConnectionOptions) {
    this.#clients = endpoints.map((endpoint) => {
      const { host, secure } = parseEndpoint(endpoint)
      return new Client(host, credentialsFor(secure, tls), CHANNEL_OPTIONS)
    })
  }

  /** A read may be asked again of the next member; a write only if it did not get to the first, which may have done it. */
  async ask<Q, A>(method: Method<Q, A>, content: Partial<Q>, { isRead }: { isRead: boolean }): Promise<A> {
    for (let left = this.#clients.length; ; left--) {
      const member = this.#current
      try {
        return await unary(this.#clients[member] as Client, method, content)
      } catch (error) {
        const failure = storeErrorOf(error as ServiceError)
        if (failure.name !== 'StoreUnavailableError') throw failure
        this.leave(member)
        if (left <= 1 || !(isRead || wasNotSent(error as ServiceError))) throw failure
      }
    }
  }

  /** Which member is asked now; for `leave`, when a stream to it has broken. */
  get current(): number {
    return this.#current
  }

  leave(member: number): void {
    if (member === this.#current) this.#current = (member + 1) % this.#clients.length
  }

  stream<Q, A>({ path, request, response }: Method<Q, A>): ClientDuplexStream<Partial<Q>, A> {
    const encode = (content: Partial<Q>) => request.encode(content)
    const decode = (bytes: Buffer) => response.decode(bytes)
    // A member that loses its leader breaks the stream off, rather than saying nothing for as long as it is alone.
    const metadata = new Metadata()
    metadata.set('hasleader', 'true')
    return (this.#clients[this.#current] as Client).makeBidiStreamRequest(path, encode, decode, metadata)
  }

  download<Q, A>({ path, request, response }: Method<Q, A>, content: Partial<Q>): ClientReadableStream<A> {
    const encode = (message: Partial<Q>) => request.encode(message)
    const decode = (bytes: Buffer) => response.decode(bytes)
    return (this.#clients[this.#current] as Client).makeServerStreamRequest(path, encode, decode, content)
  }

  [Symbol.dispose](): void {
    for (const client of this.#clients) client.close()
  }
}

function unary<Q, A>(client: Client, { path, request, response }: Method<Q, A>, content: Partial<Q>): Promise<A> {
  return new Promise((resolve, reject) => {
    client.makeUnaryRequest(
      path,
      (message: Partial<Q>) => request.encode(message),
      (bytes: Buffer) => response.decode(bytes),
      content,
      // Of the real world, like the member it waits for, whatever clock the cluster runs on.
      { deadline: REQUEST_TIMEOUT_MS + performance.timeOrigin + performance.now() },
      (error, answer) => (error ? reject(error) : resolve(answer as A)),
    )
  })
}

function wasNotSent({ details }: ServiceError): boolean {
  return details.startsWith('No connection established')
}

function parseEndpoint(endpoint: string): { host: string; secure: boolean } {
  const [, scheme, host] = /^(?:(https?):\/\/)?([^/]+)\/?$/.exec(endpoint) ?? []
  if (!host) throw new TypeError(`etcd endpoint ${JSON.stringify(endpoint)} is not a URL`)
  return { host, secure: scheme === 'https' }
}

function credentialsFor(secure: boolean, tls: EtcdConnectionOptions['tls']): ChannelCredentials {
  if (!secure) return credentials.createInsecure()
  const bytes = (pem: string | Buffer | undefined) => (pem === undefined ? null : Buffer.from(pem))
  return credentials.createSsl(bytes(tls?.ca), bytes(tls?.key), bytes(tls?.cert))
}
