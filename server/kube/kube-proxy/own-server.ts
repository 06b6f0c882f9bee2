// What kube-proxy says of itself: `/healthz` and `/livez` on port 10256 for load balancers, and on loopback 10249
// `/proxyMode`, which people ask to learn how their cluster leads calls. Upstream: cmd/kube-proxy/app/server.go,
// pkg/proxy/healthcheck/proxy_health.go.

import type { Clock } from '../../base/clock.ts'
import { isoTime } from '../../base/clock.ts'
import type { Logger } from '../../base/logger.ts'
import { close, listen } from './health-servers.ts'

const HEALTHZ_PORT = 10_256
const METRICS_PORT = 10_249

export interface OwnState {
  /** Undefined until rules were written once. */
  lastSync: number | undefined
  failing: boolean
}

/** A port that somebody else has is said in the log; calls are led all the same. */
export async function serveOwnState(options: {
  clock: Clock
  logger: Logger
  mode: string
  state: () => OwnState
}): Promise<AsyncDisposable> {
  const { clock, logger, mode, state } = options
  const healthz = listen(HEALTHZ_PORT, ({ url }, response) => {
    if (url !== '/healthz' && url !== '/livez') return void response.writeHead(404).end()
    const { lastSync, failing } = state()
    const now = isoTime(clock)
    const lastUpdated = lastSync === undefined ? null : new Date(lastSync).toISOString()
    const isHealthy = lastSync !== undefined && !failing
    response.writeHead(isHealthy ? 200 : 503, {
      'Content-Type': 'application/json',
      'X-Content-Type-Options': 'nosniff',
    })
    response.end(JSON.stringify({ lastUpdated, currentTime: now, nodeEligible: true }))
  })
  const metrics = listen(
    METRICS_PORT,
    ({ url }, response) => {
      if (url === '/proxyMode') response.writeHead(200, { 'Content-Type': 'text/plain; charset=utf-8' }).end(mode)
      else if (url === '/healthz') response.writeHead(200).end('ok')
      else response.writeHead(404).end()
    },
    '127.0.0.1',
  )
  const opened = await Promise.allSettled([healthz, metrics])
  const servers = opened.flatMap((one) => {
    if (one.status === 'fulfilled') return one.value
    logger.error('kube-proxy cannot say how it is', { err: one.reason })
    return []
  })
  return {
    async [Symbol.asyncDispose]() {
      await Promise.all(servers.map(close))
    },
  }
}
