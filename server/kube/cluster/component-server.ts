// What a controller manager or a scheduler in a process of its own serves over HTTPS: whether it is well, to anybody;
// what it counts, to whom the API server lets see it. Tokens are known by a TokenReview, rights by a SubjectAccessReview.
// Upstream: apiserver/pkg/server/options/{authentication,authorization}.go, there called delegation.

import type { IncomingMessage } from 'node:http'
import { createServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import type { Logger } from '../../base/logger.ts'
import type { Metrics } from '../../base/metrics.ts'
import type { Client } from '../client/client.ts'

export interface ComponentServerOptions {
  host: string
  port: number
  tls: { certPem: string; keyPem: string }
  /** As the component itself: it is the one who asks. */
  client: Client
  metrics: Metrics
  logger: Logger
}

interface User {
  username: string
  groups?: string[]
  uid?: string
  extra?: Record<string, string[]>
}

const ANONYMOUS: User = { username: 'system:anonymous', groups: ['system:unauthenticated'] }
const FOR_ANYBODY = new Set(['/healthz', '/livez', '/readyz'])
const PROMETHEUS = 'text/plain; version=0.0.4; charset=utf-8'
const TEXT = 'text/plain; charset=utf-8'

export interface ComponentServer extends AsyncDisposable {
  readonly port: number
}

export async function startComponentServer(options: ComponentServerOptions): Promise<ComponentServer> {
  const { tls, host, port, logger } = options
  const server = createServer({ cert: tls.certPem, key: tls.keyPem }, (request, response) => {
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
  return {
    port: (server.address() as AddressInfo).port,
    async [Symbol.asyncDispose]() {
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
    const user = await whoAsks(client, request.headers.authorization)
    if (!user) return { code: 401, type: TEXT, body: 'Unauthorized\n' }
    const verb = request.method === 'HEAD' ? 'head' : (request.method ?? 'GET').toLowerCase()
    const refusal = await whyNot(client, user, { path, verb })
    if (refusal !== undefined) return { code: 403, type: TEXT, body: refusal }
  }
  if (FOR_ANYBODY.has(path)) return { code: 200, type: TEXT, body: 'ok' }
  if (path === '/metrics') return { code: 200, type: PROMETHEUS, body: metrics.text() }
  return { code: 404, type: TEXT, body: '404 page not found\n' }
}

async function whoAsks(client: Client, authorization = ''): Promise<User | undefined> {
  const token = /^Bearer (.+)$/i.exec(authorization)?.[1]
  if (!token) return ANONYMOUS
  const { status } = (await client.transport.request({
    method: 'POST',
    path: '/apis/authentication.k8s.io/v1/tokenreviews',
    body: { apiVersion: 'authentication.k8s.io/v1', kind: 'TokenReview', spec: { token } },
  })) as { status: { authenticated?: boolean; user?: User } }
  return status.authenticated ? status.user : undefined
}

async function whyNot(
  client: Client,
  { username: user, ...rest }: User,
  asked: { path: string; verb: string },
): Promise<string | undefined> {
  const spec = { user, ...rest, nonResourceAttributes: asked }
  const { status } = (await client.transport.request({
    method: 'POST',
    path: '/apis/authorization.k8s.io/v1/subjectaccessreviews',
    body: { apiVersion: 'authorization.k8s.io/v1', kind: 'SubjectAccessReview', spec },
  })) as { status: { allowed?: boolean } }
  if (status.allowed) return undefined
  return `forbidden: User "${user}" cannot ${asked.verb} path "${asked.path}"\n`
}
