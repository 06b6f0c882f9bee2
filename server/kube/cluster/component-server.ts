// What a controller manager or a scheduler in a process of its own serves over HTTPS: whether it is well, to anybody;
// what it counts, to whom the API server lets see it (delegated-access.ts).

import type { IncomingMessage } from 'node:http'
import { createServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import type { Clock } from '../../base/clock.ts'
import type { Logger } from '../../base/logger.ts'
import type { Metrics } from '../../base/metrics.ts'
import type { Client } from '../client/client.ts'
import { watchTrust, whoAsks, whyNot } from './delegated-access.ts'

export interface ComponentServerOptions {
  host: string
  port: number
  tls: { certPem: string; keyPem: string }
  /** As the component itself: it is the one who asks. */
  client: Client
  metrics: Metrics
  clock: Clock
  random: () => number
  logger: Logger
}

const FOR_ANYBODY = new Set(['/healthz', '/livez', '/readyz'])
const PROMETHEUS = 'text/plain; version=0.0.4; charset=utf-8'
const TEXT = 'text/plain; charset=utf-8'

export interface ComponentServer extends AsyncDisposable {
  readonly port: number
}

export async function startComponentServer(options: ComponentServerOptions): Promise<ComponentServer> {
  const { tls, host, port, logger } = options
  const own = { cert: tls.certPem, key: tls.keyPem }
  // Who shows no certificate may have a token, or be anybody.
  const asked = { ...own, requestCert: true, rejectUnauthorized: false }
  const server = createServer(asked, (request, response) => {
    answer(options, request)
      .catch((err: unknown) => {
        logger.warn('the API server could not be asked about a request', { path: request.url, err })
        return { code: 500, type: TEXT, body: 'Internal Server Error\n' }
      })
      .then(({ code, type, body }) => response.writeHead(code, { 'content-type': type }).end(body))
  })
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(port, host, resolve)
  })
  const trust = watchTrust(options, (ca) => server.setSecureContext({ ...own, ca }))
  return {
    port: (server.address() as AddressInfo).port,
    async [Symbol.asyncDispose]() {
      trust[Symbol.dispose]()
      const closed = new Promise<void>((resolve) => server.close(() => resolve()))
      server.closeAllConnections()
      await closed
    },
  }
}

interface Page {
  code: number
  type: string
  body: string
}

async function answer({ client, metrics }: ComponentServerOptions, request: IncomingMessage): Promise<Page> {
  const { pathname: path } = new URL(request.url ?? '/', 'https://component')
  if (!FOR_ANYBODY.has(path)) {
    const user = await whoAsks(client, request)
    if (!user) return { code: 401, type: TEXT, body: 'Unauthorized\n' }
    const verb = request.method === 'HEAD' ? 'head' : (request.method ?? 'GET').toLowerCase()
    const refusal = await whyNot(client, user, { path, verb })
    if (refusal !== undefined) return { code: 403, type: TEXT, body: refusal }
  }
  if (FOR_ANYBODY.has(path)) return { code: 200, type: TEXT, body: 'ok' }
  if (path === '/metrics') return { code: 200, type: PROMETHEUS, body: metrics.text() }
  return { code: 404, type: TEXT, body: '404 page not found\n' }
}
