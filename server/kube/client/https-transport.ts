// The way to an API server for components outside its process: HTTPS with kept-alive connections, JSON bodies,
// watches decoded line by line, refusals turned back into the server's own StatusError.
// Upstream: client-go/rest/{request,transport}.go.

import { readFileSync } from 'node:fs'
import http, { type IncomingMessage } from 'node:http'
import https from 'node:https'
import { createGunzip } from 'node:zlib'
import { keepDetails, requestWords } from '../../base/net-errors.ts'
import { readBounded } from '../../base/read-bounded.ts'
import { isDeeperThan } from '../apimachinery/deep.ts'
import { isStackDeep, USUAL_DEPTH } from '../apimachinery/depth.ts'
import { isJsonObject, type JsonValue, parseJson } from '../apimachinery/json.ts'
import { withoutNulls } from '../apimachinery/nulls.ts'
import type { KubeObject, WatchEvent } from '../apimachinery/object-meta.ts'
import { internalError, type Status, StatusError } from '../apimachinery/status-error.ts'
import { type ClientConfig, loadKubeconfig } from './kubeconfig.ts'
import type { Transport, TransportRequest } from './transport.ts'

export interface HttpsTransportOptions extends ClientConfig {
  /** Who is asking, as traces and audit logs name it: `kubelet/node-1`. */
  userAgent: string
  /** A request that is not answered for so long is given up; watches and streams may be silent for longer. */
  timeoutMs?: number
}

export interface HttpsTransport extends Transport, Disposable {
  /** From now on it shows this; what is under way ends as it began. */
  renew(pair: { certPem: string; keyPem: string }): void
}

const DEFAULT_TIMEOUT_MS = 60_000
/** After it is unpacked. What a learner's server answers, or a pod behind one, must not fill the memory of whoever asks. */
const MOST_BYTES = 256 * 1024 ** 2
// Servers close watches after at most ten minutes; one that is silent for longer has lost its server without noticing.
const SILENCE_MS = 11 * 60_000

export function transportFromKubeconfig(path: string, userAgent: string): HttpsTransport {
  return httpsTransport({ ...loadKubeconfig(path), userAgent })
}

export function httpsTransport(options: HttpsTransportOptions): HttpsTransport {
  const base = new URL(options.server)
  const plain = base.protocol === 'http:'
  const newAgent = ({ certPem, keyPem }: Pick<ClientConfig, 'certPem' | 'keyPem'>) =>
    plain
      ? new http.Agent({ keepAlive: true, maxSockets: Number.POSITIVE_INFINITY })
      : new https.Agent({
          keepAlive: true,
          maxSockets: Number.POSITIVE_INFINITY,
          ca: options.caPem,
          cert: certPem,
          key: keyPem,
          rejectUnauthorized: !options.insecureSkipTlsVerify,
          ...(options.tlsServerName ? { servername: options.tlsServerName } : {}),
        })
  let agent = newAgent(options)
  /** With what was under way when they were renewed. */
  const retired: http.Agent[] = []

  const headersOf = (request: TransportRequest, body: string | undefined) => {
    const token = options.tokenFile ? readFileSync(options.tokenFile, 'utf8').trim() : options.token
    return {
      accept: request.accept ?? 'application/json',
      'user-agent': options.userAgent,
      ...(token ? { authorization: `Bearer ${token}` } : {}),
      ...(request.because ? { 'podium-because': request.because } : {}),
      ...(body === undefined
        ? {}
        : { 'content-type': request.contentType ?? 'application/json', 'content-length': Buffer.byteLength(body) }),
    }
  }

  /** Resolves with a 2xx answer whose body has not been read; rejects with the server's refusal. */
  const send = (request: TransportRequest, silenceMs: number, acceptGzip: boolean): Promise<IncomingMessage> =>
    new Promise((resolve, reject) => {
      const body = request.body === undefined ? undefined : JSON.stringify(request.body)
      const query = request.query ? `?${new URLSearchParams(request.query)}` : ''
      const path = `${base.pathname.replace(/\/$/, '')}${request.path}${query}`
      const headers = { ...headersOf(request, body), ...(acceptGzip ? { 'accept-encoding': 'gzip' } : {}) }
      const outgoing = (plain ? http : https).request(
        {
          host: base.hostname.replace(/^\[|\]$/g, ''),
          port: base.port || (plain ? 80 : 443),
          method: request.method,
          path,
          headers,
          agent,
          ...(request.signal ? { signal: request.signal } : {}),
        },
        (answer) => {
          const code = answer.statusCode ?? 500
          if (code >= 200 && code < 300) return resolve(answer)
          readText(answer).then((text) => reject(refusal(code, text)), reject)
        },
      )
      outgoing.setTimeout(silenceMs, () => outgoing.destroy(new Error(`no answer within ${silenceMs} ms`)))
      outgoing.on('socket', keepDetails)
      outgoing.on('error', (err) => {
        if (request.signal?.aborted) return reject(err)
        const verb = `${request.method[0]}${request.method.slice(1).toLowerCase()}`
        reject(new Error(`${verb} "${base.origin}${path}": ${requestWords(err)}`, { cause: err }))
      })
      outgoing.end(body)
    })

  return {
    async request(request) {
      const answer = await send(request, options.timeoutMs ?? DEFAULT_TIMEOUT_MS, true)
      const text = await readText(answer, request.mostBytes)
      return answer.headers['content-type']?.includes('json') ? readJson(text) : text
    },
    async watch(request) {
      return decodeWatch(await send(request, SILENCE_MS, false), request.signal)
    },
    async stream(request) {
      return send(request, SILENCE_MS, false)
    },
    renew(pair) {
      const idle = Object.values(agent.freeSockets).flatMap((sockets) => sockets ?? [])
      retired.push(agent)
      agent = newAgent(pair)
      for (const socket of idle) socket.destroy()
    },
    [Symbol.dispose]: () => {
      for (const one of [...retired, agent]) one.destroy()
    },
  }
}

/** Of what Go has a type for, null says nothing. */
function readJson(text: string): JsonValue {
  const value = parsed(text)
  if (!isStackDeep && text.length > USUAL_DEPTH) forgetDeepOwners(value)
  if (!text.includes('null') || !isJsonObject(value)) return value
  const { type, object, apiVersion } = value
  if (!isJsonObject(object) || typeof type !== 'string' || apiVersion) return withoutNulls(value)
  return { ...value, object: withoutNulls(object) }
}

/** A deep object keeps nobody from the others of its list: where the stack ends, long numbers are rounded. */
function parsed(text: string): JsonValue {
  try {
    return parseJson(text)
  } catch (err) {
    if (!(err instanceof RangeError)) throw err
    return JSON.parse(text) as JsonValue
  }
}

/**
 * Definitions, revisions and custom resources may have owners of ten thousand levels, which a usual stack cannot walk. Those
 * who ask for owners there (checks of labs) ask for them of shallower kinds.
 */
function forgetDeepOwners(value: JsonValue): void {
  const { object, items } = isJsonObject(value) ? value : {}
  for (const one of [value, object, ...(Array.isArray(items) ? items : [])]) {
    const metadata = isJsonObject(one) ? one.metadata : undefined
    if (isJsonObject(metadata) && isDeeperThan(metadata.managedFields, USUAL_DEPTH)) delete metadata.managedFields
  }
}

async function readText(answer: IncomingMessage, mostBytes = MOST_BYTES): Promise<string> {
  const body = answer.headers['content-encoding'] === 'gzip' ? answer.pipe(createGunzip()) : answer
  // A pipe does not hand on the end of a broken line by itself.
  if (body !== answer) answer.on('error', (err) => (body as ReturnType<typeof createGunzip>).destroy(err))
  try {
    return (await readBounded(body, mostBytes)).toString('utf8')
  } catch (err) {
    // The whole of it, and not only what unpacks it.
    answer.destroy()
    throw err
  }
}

function refusal(code: number, text: string): StatusError {
  try {
    const status = JSON.parse(text) as Partial<Status>
    if (status.kind === 'Status') return StatusError.fromStatus({ code, ...status })
  } catch {
    // Not from an API server: a proxy in between, or somebody else at this address.
  }
  return StatusError.fromStatus({ code, message: text.slice(0, 1000) || `the server answered ${code}` })
}

async function* decodeWatch(answer: IncomingMessage, signal?: AbortSignal): AsyncGenerator<WatchEvent<KubeObject>[]> {
  try {
    for await (const lines of linesOf(answer)) {
      const events = lines.map((line) => readJson(line) as unknown as WatchEvent<KubeObject>)
      const refused = events.findIndex(({ type }) => type === 'ERROR')
      yield refused < 0 ? events : events.slice(0, refused)
      if (refused >= 0) throw StatusError.fromStatus(events[refused]?.object as Partial<Status>)
    }
  } catch (err) {
    if (signal?.aborted) return
    throw err instanceof SyntaxError ? internalError(err) : err
  } finally {
    answer.destroy()
  }
}

/** The lines that each chunk ends. Splits bytes, not text, at newlines: a character may be cut in two between chunks. */
async function* linesOf(chunks: AsyncIterable<Buffer>): AsyncGenerator<string[]> {
  let rest: Buffer[] = []
  for await (const chunk of chunks) {
    const lines: string[] = []
    let from = 0
    for (let end = chunk.indexOf(10); end >= 0; end = chunk.indexOf(10, from)) {
      const line = Buffer.concat([...rest, chunk.subarray(from, end)])
      rest = []
      from = end + 1
      if (line.length > 0) lines.push(line.toString('utf8'))
    }
    if (from < chunk.length) rest.push(chunk.subarray(from))
    if (lines.length > 0) yield lines
  }
  const last = Buffer.concat(rest)
  if (last.length > 0) yield [last.toString('utf8')]
}
