// The kubelet's own HTTPS API on port 10250: the API server comes here for logs, exec, attach and port-forward, with
// a client certificate of the cluster's CA. Upstream: pkg/kubelet/server/server.go.

import type http from 'node:http'
import type { IncomingMessage, ServerResponse } from 'node:http'
import https from 'node:https'
import type { AddressInfo } from 'node:net'
import type { TLSSocket } from 'node:tls'
import type { Clock } from '../../../base/clock.ts'
import type { Logger } from '../../../base/logger.ts'
import type { Metrics } from '../../../base/metrics.ts'
import { StatusError } from '../../apimachinery/status-error.ts'
import type { Kubelet } from '../kubelet.ts'
import type { Telemetry } from '../telemetry/telemetry.ts'
import { type ConnectionSource, serveConnections } from './connections.ts'
import { serveContainerLogs } from './container-logs.ts'
import { HttpCounts } from './http-counts.ts'
import { StreamServer } from './stream-server.ts'
import { serveTrace, type Tracer } from './trace.ts'
import { openTunnel } from './tunnel.ts'

export interface KubeletServerOptions {
  kubelet: Kubelet
  clock: Clock
  logger: Logger
  /** Where what is asked is counted; nowhere without. */
  metrics?: Metrics
  host: string
  port: number
  tls: { certPem: string; keyPem: string; clientCaPem: string }
  /** What `/podium/connections` tells; not found without. */
  connections?: ConnectionSource
  /** What `/podium/trace` does; not found without. */
  tracer?: Tracer
}

export interface KubeletServer extends AsyncDisposable {
  readonly port: number
  /** Whoever calls from now on is shown this. */
  renewCertificate(pair: { certPem: string; keyPem: string }): void
}

export async function startKubeletServer(options: KubeletServerOptions): Promise<KubeletServer> {
  const { logger, host, port, tls } = options
  const server = https.createServer({
    cert: tls.certPem,
    key: tls.keyPem,
    ca: tls.clientCaPem,
    requestCert: true,
    // Refused below with an answer, so that `/healthz` tells even strangers that somebody lives here.
    rejectUnauthorized: false,
  })
  // Those that are no longer HTTP too: the server itself forgets them.
  const sockets = new Set<TLSSocket>()
  server.on('secureConnection', (socket) => {
    sockets.add(socket)
    socket.once('close', () => sockets.delete(socket))
  })
  answerAsKubelet(server, { ...options, isKnown, openTunnel })
  server.on('tlsClientError', (err) => logger.debug('TLS handshake failed', { err }))

  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(port, host, resolve)
  })
  return {
    port: (server.address() as AddressInfo).port,
    renewCertificate: ({ certPem, keyPem }) =>
      server.setSecureContext({ cert: certPem, key: keyPem, ca: tls.clientCaPem }),
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy()
      await new Promise<void>((resolve) => server.close(() => resolve()))
    },
  }
}

/** What a kubelet answers, on whatever server; TLS and who may ask at all are the server's. */
export function answerAsKubelet(
  server: Pick<http.Server, 'on'>,
  options: {
    kubelet: Kubelet
    clock: Clock
    metrics?: Metrics
    connections?: ConnectionSource
    tracer?: Tracer
    isKnown(request: IncomingMessage): boolean
    openTunnel: typeof openTunnel
  },
): void {
  const { kubelet, clock, metrics, connections, tracer, isKnown } = options
  const streams = new StreamServer({ kubelet, clock })
  const counts = metrics && new HttpCounts({ clock, metrics })
  server.on('request', (request, response) => {
    const answering = counts?.begin(request)
    response.once('close', () => answering?.[Symbol.dispose]())
    route(request, response).catch((err: unknown) => refuse(response, err))
  })
  server.on('upgrade', (request, socket, head) => {
    socket.on('error', () => undefined)
    const answering = counts?.begin(request)
    socket.once('close', () => answering?.[Symbol.dispose]())
    if (!isKnown(request)) return void socket.end('HTTP/1.1 401 Unauthorized\r\nContent-Length: 0\r\n\r\n')
    streams.upgrade(request, socket, head)
  })
  server.on('connect', (request, socket, head) => {
    if (isKnown(request)) options.openTunnel(request, socket, head)
    else socket.end('HTTP/1.1 401 Unauthorized\r\nContent-Length: 0\r\n\r\n')
  })

  async function route(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const url = new URL(request.url ?? '/', 'https://kubelet')
    const [what = '', ...rest] = url.pathname.split('/').slice(1).map(decodeURIComponent)
    if (what === 'healthz' && HEALTH.includes(rest.join('/'))) return void response.end('ok')
    if (!isKnown(request)) return void response.writeHead(401).end('Unauthorized')
    switch (what) {
      case 'pods':
      case 'runningpods':
        return answerJson(response, { kind: 'PodList', apiVersion: 'v1', metadata: {}, items: kubelet.pods() })
      case 'configz':
        return answerJson(response, { kubeletconfig: kubelet.configuration })
      case 'metrics':
        return serveMetrics(kubelet.telemetry, rest.join('/'), response)
      case 'stats': {
        if (rest.join('/') !== 'summary') return notFound(response)
        const onlyCpuAndMemory = url.searchParams.get('only_cpu_and_memory') === 'true'
        return answerJson(response, await kubelet.telemetry.summary({ onlyCpuAndMemory }))
      }
      case 'containerLogs':
        return serveContainerLogs({ kubelet, clock, url, target: rest, response })
      case 'podium':
        if (connections && rest.join('/') === 'connections') return serveConnections({ source: connections, response })
        if (tracer && rest[0] === 'trace' && request.method === 'POST') {
          return answerJson(response, await serveTrace({ kubelet, tracer, what: rest[1] ?? '', request }))
        }
        return notFound(response)
      case 'exec':
      case 'attach':
      case 'portForward':
        response.writeHead(400, { 'content-type': 'text/plain' })
        return void response.end(
          'you must specify at least 1 of stdin, stdout, stderr: an upgrade to WebSocket is needed',
        )
      default:
        return notFound(response)
    }
  }
}

/** What is asked for one by one as well: it all lives in one process. */
const HEALTH = ['', 'ping', 'log', 'syncloop']

async function serveMetrics(telemetry: Telemetry, which: string, response: ServerResponse): Promise<void> {
  const read: Record<string, () => string | Promise<string>> = {
    '': () => telemetry.own(),
    resource: () => telemetry.resources(),
    cadvisor: () => telemetry.cadvisor(),
    probes: () => telemetry.probes(),
  }
  const text = await read[which]?.()
  if (text === undefined) return notFound(response)
  response.setHeader('content-type', 'text/plain; version=0.0.4; charset=utf-8')
  response.end(text)
}

function answerJson(response: ServerResponse, body: object): void {
  response.setHeader('content-type', 'application/json')
  response.end(JSON.stringify(body))
}

const notFound = (response: ServerResponse): void => void response.writeHead(404).end('404 page not found\n')

/** Everything here is as good as root on the machine: for the API server, and whoever may do all there anyway. */
function isKnown(request: IncomingMessage): boolean {
  const socket = request.socket as TLSSocket
  if (!socket.authorized) return false
  const { O: groups } = socket.getPeerCertificate().subject
  return [groups].flat().includes('system:masters')
}

function refuse(response: ServerResponse, err: unknown): void {
  if (response.headersSent) return void response.end()
  const code = err instanceof StatusError ? err.code : 500
  response.writeHead(code, { 'content-type': 'text/plain' })
  response.end(err instanceof Error ? err.message : String(err))
}
