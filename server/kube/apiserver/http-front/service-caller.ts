// The server's own calls to what runs in the cluster: webhooks, and the API servers behind an APIService. Everything is
// dialled by the kubelet of a machine, a URL that somebody has written as well (docs/decisions/0008).
// Upstream: apiserver/pkg/util/webhook/client.go.

import https from 'node:https'
import tls from 'node:tls'
import { readBounded } from '../../../base/read-bounded.ts'
import type { KubeletAddress } from '../endpoints/kubelet-address.ts'
import type { KubeletCaller } from './kubelet-caller.ts'

/** What describes all that an API server behind this one serves is the longest. */
const MOST_BYTES = 16 * 2 ** 20

export interface ServiceCall {
  service: { namespace: string; name: string; port: number } | { url: string }
  method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE'
  path: string
  headers?: Readonly<Record<string, string | string[]>>
  body?: unknown
  /** Base64 of the authority's certificate, as objects hold it; without one the machine's own are trusted. */
  caBundle?: string | undefined
  isInsecure?: boolean
  certificate?: { certPem: string; keyPem: string } | undefined
  timeoutMs: number
}

interface Location {
  host: string
  port: number
  through: KubeletAddress
}

export interface ServiceCallerOptions {
  kubelet: KubeletCaller
  locate(service: { namespace: string; name: string; port: number }): Location
  /** The kubelet of any machine, for addresses outside the cluster. */
  anyKubelet(): KubeletAddress
}

export class ServiceCaller {
  readonly #options: ServiceCallerOptions

  constructor(options: ServiceCallerOptions) {
    this.#options = options
  }

  /** The answer, whatever its code; rejects when there is none. */
  async call(call: ServiceCall): Promise<{ code: number; text: string; etag?: string | undefined }> {
    const { location, serverName, path } = this.#target(call)
    const signal = AbortSignal.timeout(call.timeoutMs)
    const tunnel = await this.#options.kubelet.tunnel(location.through, location, signal).catch((err: Error) => {
      throw signal.aborted ? new Error('context deadline exceeded') : err
    })
    const socket = tls.connect({
      socket: tunnel,
      servername: serverName,
      rejectUnauthorized: !call.isInsecure,
      ...(call.caBundle ? { ca: Buffer.from(call.caBundle, 'base64') } : {}),
      ...(call.certificate ? { cert: call.certificate.certPem, key: call.certificate.keyPem } : {}),
    })
    const body = call.body === undefined ? undefined : JSON.stringify(call.body)
    const headers = {
      host: serverName,
      accept: 'application/json',
      ...(body === undefined ? {} : { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) }),
      ...call.headers,
    }
    return new Promise((resolve, reject) => {
      const fail = (err: unknown) => {
        socket.destroy()
        tunnel.destroy()
        reject(signal.aborted ? new Error('context deadline exceeded') : err)
      }
      socket.on('error', fail)
      const outgoing = https.request(
        { method: call.method, path, headers, createConnection: () => socket, signal },
        (answer) => {
          readBounded(answer, MOST_BYTES).then((body) => {
            socket.destroy()
            tunnel.destroy()
            resolve({ code: answer.statusCode ?? 0, text: body.toString('utf8'), etag: answer.headers.etag })
          }, fail)
        },
      )
      outgoing.on('error', fail)
      outgoing.end(body)
    })
  }

  #target({ service, path }: ServiceCall): { location: Location; serverName: string; path: string } {
    if (!('url' in service)) {
      return { location: this.#options.locate(service), serverName: `${service.name}.${service.namespace}.svc`, path }
    }
    const url = new URL(service.url)
    const location = { host: url.hostname, port: Number(url.port || 443), through: this.#options.anyKubelet() }
    return { location, serverName: url.hostname, path: `${url.pathname === '/' ? '' : url.pathname}${path}` || '/' }
  }
}
