// The server's own calls to what runs in the cluster: webhooks, and the API servers behind an APIService. Everything is
// dialled by the kubelet of a machine, a URL that somebody has written as well (docs/decisions/0008).
// Upstream: apiserver/pkg/util/webhook/client.go.

import https from 'node:https'
import { isIP } from 'node:net'
import tls from 'node:tls'
import { keepCertificate, requestWords } from '../../../base/net-errors.ts'
import { readBounded } from '../../../base/read-bounded.ts'
import { writeJson } from '../../apimachinery/json.ts'
import { StatusError } from '../../apimachinery/status-error.ts'
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

export interface ServiceReply {
  code: number
  text: string
  etag?: string | undefined
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
  async call(call: ServiceCall): Promise<ServiceReply> {
    try {
      return await this.#ask(call)
    } catch (err) {
      const verb = `${call.method[0]}${call.method.slice(1).toLowerCase()}`
      const words = `${verb} "${urlOf(call)}": ${requestWords(err)}`
      throw err instanceof StatusError
        ? new StatusError(err.reason, words, { cause: err })
        : new Error(words, { cause: err })
    }
  }

  async #ask(call: ServiceCall): Promise<ServiceReply> {
    const { location, serverName, path } = this.#target(call)
    const signal = AbortSignal.timeout(call.timeoutMs)
    const tunnel = await this.#options.kubelet.tunnel(location.through, location, signal)
    const socket = tls.connect({
      socket: tunnel,
      // An address is no name to ask for, but what the certificate must be for.
      ...(isIP(serverName) ? { host: serverName } : { servername: serverName }),
      rejectUnauthorized: !call.isInsecure,
      ...(call.caBundle ? { ca: Buffer.from(call.caBundle, 'base64') } : {}),
      ...(call.certificate ? { cert: call.certificate.certPem, key: call.certificate.keyPem } : {}),
    })
    keepCertificate(socket)
    const body = call.body === undefined ? undefined : writeJson(call.body)
    const headers = {
      host: isIP(serverName) === 6 ? `[${serverName}]` : serverName,
      accept: 'application/json',
      ...(body === undefined ? {} : { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) }),
      ...call.headers,
    }
    return new Promise((resolve, reject) => {
      const fail = (err: unknown) => {
        socket.destroy()
        tunnel.destroy()
        reject(signal.aborted ? signal.reason : err)
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
    const host = url.hostname.replace(/^\[|\]$/g, '')
    const location = { host, port: Number(url.port || 443), through: this.#options.anyKubelet() }
    return { location, serverName: host, path: `${url.pathname === '/' ? '' : url.pathname}${path}` || '/' }
  }
}

const urlOf = ({ service, path }: ServiceCall) =>
  'url' in service
    ? `${service.url.replace(/\/$/, '')}${path}`
    : `https://${service.name}.${service.namespace}.svc:${service.port}${path}`

/** In client-go's words for answers that are no Status. */
export function refusalWords({ code, text }: ServiceReply): string {
  if (code === 404) return 'the server could not find the requested resource'
  if (code === 503) return 'the server is currently unable to handle the request'
  if (code >= 500)
    return `an error on the server (${JSON.stringify(text.trim())}) has prevented the request from succeeding`
  return 'the server rejected our request for an unknown reason'
}
