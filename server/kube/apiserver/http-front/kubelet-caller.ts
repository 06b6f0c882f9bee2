// The server's own calls to kubelets: logs as a stream of bytes, exec and its like as a connection handed through.

import http, { type IncomingMessage, type OutgoingHttpHeaders, STATUS_CODES } from 'node:http'
import https from 'node:https'
import { Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import { joinInPieces } from '../../../base/join-duplexes.ts'
import { dialWords, keepDetails, requestWords } from '../../../base/net-errors.ts'
import { readBounded } from '../../../base/read-bounded.ts'
import { badRequest, internalError, StatusError } from '../../apimachinery/status-error.ts'
import type { ConnectAnswer } from '../request-path/answer.ts'

export interface KubeletClientOptions {
  certPem: string
  keyPem: string
  caPem: string
  /** Whether a kubelet can be at an address. Nodes tell their own, so that anything may be written there. */
  mayDial?: (host: string) => boolean
  /** A connection to the kubelet of a simulated node, which is in this process; undefined for what is no such node's. */
  hollowKubelet?: (host: string) => Promise<Duplex> | undefined
}

type KubeletTarget = Pick<ConnectAnswer, 'host' | 'port' | 'path'>

const CONNECT_TIMEOUT_MS = 10_000
/** Of what this server reads as a whole: measurements of a machine full of pods are a tenth of it. */
const MOST_BYTES = 8 * 2 ** 20
const MOST_OF_A_REFUSAL = 64 * 2 ** 10
const HOP_HEADERS = new Set(['host', 'authorization', 'content-length', 'accept-encoding', 'podium-because'])

export class KubeletCaller {
  readonly #options: KubeletClientOptions | undefined
  readonly #agent: https.Agent | undefined

  constructor(options: KubeletClientOptions | undefined) {
    this.#options = options
    if (options) this.#agent = new https.Agent({ keepAlive: false })
  }

  close(): void {
    this.#agent?.destroy()
  }

  /** The kubelet's answer to a plain GET, when its head has come. Rejects with what the kubelet says is wrong. */
  get(target: ConnectAnswer, signal?: AbortSignal): Promise<IncomingMessage> {
    return new Promise((resolve, reject) => {
      const outgoing = this.request(target, { method: 'GET', headers: {} }, signal)
      outgoing.on('error', (err) => reject(unread(target, err)))
      outgoing.on('response', resolve)
      outgoing.end()
    })
  }

  /** All of a plain answer, for this server's own use. */
  async text(target: KubeletTarget, signal: AbortSignal, mostBytes = MOST_BYTES): Promise<string> {
    const answer = await this.stream({ type: 'connect', ...target }, signal)
    return (await readBounded(answer, mostBytes)).toString('utf8')
  }

  async stream(target: ConnectAnswer, signal?: AbortSignal): Promise<AsyncIterable<Uint8Array>> {
    const answer = await this.get(target, signal)
    if (answer.statusCode !== 200) throw await refusalOf(answer)
    return answer
  }

  /** Sends an upgrade on as it came and joins the two connections; a refusal is passed back as an answer. */
  upgrade(
    target: ConnectAnswer,
    incoming: {
      method: string
      headers: Readonly<Record<string, string | string[] | undefined>>
      socket: Duplex
      head: Buffer
    },
  ): void {
    const { socket, head, method } = incoming
    const headers: Record<string, string | string[]> = {}
    for (const [name, value] of Object.entries(incoming.headers)) {
      if (value !== undefined && !HOP_HEADERS.has(name)) headers[name] = value
    }
    let outgoing: ReturnType<typeof https.request>
    try {
      outgoing = this.request(target, { method, headers })
    } catch (err) {
      socket.end(rawAnswer(err instanceof StatusError ? err : unreachable(target, err)))
      return
    }
    const giveUp = () => outgoing.destroy()
    socket.on('close', giveUp)
    outgoing.on('upgrade', (answer, kubelet, kubeletHead) => {
      socket.off('close', giveUp)
      if (kubelet instanceof Socket) kubelet.setTimeout(0)
      const lines = [`HTTP/1.1 101 ${answer.statusMessage ?? 'Switching Protocols'}`]
      for (let index = 0; index + 1 < answer.rawHeaders.length; index += 2) {
        lines.push(`${answer.rawHeaders[index]}: ${answer.rawHeaders[index + 1]}`)
      }
      socket.write(`${lines.join('\r\n')}\r\n\r\n`)
      if (kubeletHead.length > 0) kubelet.unshift(kubeletHead)
      if (head.length > 0) kubelet.write(head)
      joinInPieces(socket, kubelet)
    })
    outgoing.on('response', (answer) => {
      const pass = (body: Buffer) => {
        const type = answer.headers['content-type'] ?? 'text/plain'
        socket.end(
          Buffer.concat([
            Buffer.from(
              `HTTP/1.1 ${answer.statusCode ?? 502} ${answer.statusMessage ?? ''}\r\nContent-Type: ${type}\r\nContent-Length: ${body.length}\r\nConnection: close\r\n\r\n`,
            ),
            body,
          ]),
        )
      }
      readBounded(answer, MOST_OF_A_REFUSAL, { cut: true }).then(pass, giveUp)
    })
    outgoing.on('error', (err) => {
      if (!socket.destroyed) socket.end(rawAnswer(unreachable(target, err)))
    })
    outgoing.end()
  }

  /** A connection to an address of the cluster, dialled by the kubelet on its machine; rejects in its words. */
  tunnel(
    kubelet: { host: string; port: number },
    to: { host: string; port: number },
    signal?: AbortSignal,
  ): Promise<Duplex> {
    const host = to.host.includes(':') ? `[${to.host}]` : to.host
    const target = { host: kubelet.host, port: kubelet.port, path: `${host}:${to.port}` }
    return new Promise((resolve, reject) => {
      const outgoing = this.request(target, { method: 'CONNECT', headers: {} }, signal)
      outgoing.on('error', (err) => reject(new Error(requestWords(err, addressOf(target)), { cause: err })))
      outgoing.on('connect', (answer, socket, head) => {
        if (head.length > 0) socket.unshift(head)
        if (answer.statusCode === 200) return resolve(socket)
        socket.destroy()
        const said = answer.headers['tunnel-error']
        reject(new Error(said ? String(said) : `the kubelet refused with ${answer.statusCode}`))
      })
      outgoing.end()
    })
  }

  request(
    target: KubeletTarget,
    { method, headers }: { method: string; headers: OutgoingHttpHeaders },
    signal?: AbortSignal,
  ) {
    if (!this.#options) throw new StatusError('ServiceUnavailable', 'this server has no credentials for kubelets')
    const { certPem, keyPem, caPem, mayDial, hollowKubelet } = this.#options
    const hollow = hollowKubelet?.(target.host)
    if (hollow) return requestOver(hollow, { path: target.path, method, headers, ...(signal ? { signal } : {}) })
    if (mayDial?.(target.host) === false) throw badRequest('address not allowed')
    const outgoing = https.request({
      host: target.host,
      port: target.port,
      path: target.path,
      method,
      headers,
      cert: certPem,
      key: keyPem,
      ca: caPem,
      // A node's certificate names the node; it is reached by its address.
      checkServerIdentity: () => undefined,
      ...(this.#agent ? { agent: this.#agent } : {}),
      ...(signal ? { signal } : {}),
    })
    outgoing.on('socket', (socket) => {
      keepDetails(socket)
      socket.setTimeout(CONNECT_TIMEOUT_MS, () => {
        if (socket.connecting) outgoing.destroy(new Error(dialWords(addressOf(target), { code: 'ETIMEDOUT' })))
      })
      socket.once('secureConnect', () => socket.setTimeout(0))
    })
    return outgoing
  }
}

function requestOver(connection: Promise<Duplex>, options: http.RequestOptions): http.ClientRequest {
  // A duplex is all that a request needs, though the types ask for a socket.
  const createConnection = (_: unknown, made: (err: Error | null, connection: Duplex) => void) => {
    connection.then(
      (duplex) => made(null, duplex),
      (err) => made(err, undefined as never),
    )
    return undefined
  }
  return http.request({ ...options, createConnection: createConnection as never })
}

const addressOf = ({ host, port }: KubeletTarget) => `${host}:${port}`

/** For whom a connection is opened. */
const unreachable = (target: KubeletTarget, err: unknown) =>
  internalError(new Error(`error dialing backend: ${requestWords(err, addressOf(target))}`, { cause: err }))

/** For whom something is read. */
const unread = (target: KubeletTarget, err: unknown) =>
  new StatusError(
    'Unknown',
    `Get "https://${target.host}:${target.port}${target.path}": ${requestWords(err, addressOf(target))}`,
    {
      cause: err,
    },
  )

export async function refusalOf(answer: IncomingMessage): Promise<StatusError> {
  const text = (await readBounded(answer, MOST_OF_A_REFUSAL, { cut: true })).toString('utf8').trim()
  try {
    const status = JSON.parse(text) as { kind?: string; message?: string; reason?: string; code?: number }
    if (status.kind === 'Status') return StatusError.fromStatus(status)
  } catch {
    // Plain text, as kubelets mostly answer.
  }
  return StatusError.fromStatus({ code: answer.statusCode ?? 500, message: text || 'the kubelet refused' })
}

function rawAnswer(error: StatusError): string {
  const body = JSON.stringify(error.toStatus())
  return `HTTP/1.1 ${error.code} ${STATUS_CODES[error.code] ?? error.reason}\r\nContent-Type: application/json\r\nContent-Length: ${Buffer.byteLength(body)}\r\nConnection: close\r\n\r\n${body}`
}

export { rawAnswer }
