// Where load balancers ask whether this node has endpoints of a Service: one port for each Service that keeps outside
// traffic local (`healthCheckNodePort`), and kube-proxy's own `/healthz`. Upstream: pkg/proxy/healthcheck.

import { createServer, type RequestListener, type Server } from 'node:http'
import type { Logger } from '../../base/logger.ts'

export interface CheckedService {
  namespace: string
  name: string
  port: number
  localEndpoints: number
}

export class HealthServers implements AsyncDisposable {
  readonly #logger: Logger
  readonly #isHealthy: () => boolean
  readonly #open = new Map<string, { server: Server; told: CheckedService }>()

  constructor({ logger, isHealthy }: { logger: Logger; isHealthy: () => boolean }) {
    this.#logger = logger
    this.#isHealthy = isHealthy
  }

  /** Opens and closes ports until they are those of `services`. */
  async sync(services: readonly CheckedService[]): Promise<void> {
    const wanted = new Map(services.map((service) => [keyOf(service), service]))
    for (const [key, { server }] of this.#open) {
      if (wanted.has(key)) continue
      this.#open.delete(key)
      await close(server)
    }
    for (const [key, told] of wanted) {
      const open = this.#open.get(key)
      if (open) open.told = told
      else await this.#listen(key, told)
    }
  }

  async [Symbol.asyncDispose]() {
    await this.sync([])
  }

  async #listen(key: string, told: CheckedService): Promise<void> {
    const server = await listen(told.port, (_request, response) => {
      const { namespace, name, localEndpoints } = this.#open.get(key)?.told ?? told
      const serviceProxyHealthy = this.#isHealthy()
      response.writeHead(localEndpoints > 0 && serviceProxyHealthy ? 200 : 503, {
        'Content-Type': 'application/json',
        'X-Content-Type-Options': 'nosniff',
        'X-Load-Balancing-Endpoint-Weight': String(localEndpoints),
      })
      response.end(JSON.stringify({ service: { namespace, name }, localEndpoints, serviceProxyHealthy }, null, '\t'))
    }).catch((err: unknown) => {
      const { namespace, name, port } = told
      this.#logger.error('health check port cannot be opened', { service: `${namespace}/${name}`, port, err })
      return undefined
    })
    if (server) this.#open.set(key, { server, told })
  }
}

const keyOf = ({ namespace, name, port }: CheckedService) => `${namespace}/${name} ${port}`

/** On every address of the node. */
export function listen(port: number, handler: RequestListener, host?: string): Promise<Server> {
  const server = createServer(handler)
  return new Promise((resolve, reject) => {
    server.once('error', reject)
    server.listen(port, host, () => resolve(server))
  })
}

export function close(server: Server): Promise<void> {
  server.closeAllConnections()
  return new Promise((closed) => server.close(() => closed()))
}
