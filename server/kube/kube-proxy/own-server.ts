// What kube-proxy says of itself: `/healthz` and `/livez` on port 10256 for load balancers, and on loopback 10249
// `/proxyMode`, which people ask to learn how their cluster leads calls, `/metrics` and `/configz`.
// Upstream: cmd/kube-proxy/app/server.go, pkg/proxy/healthcheck/proxy_health.go.

import type { RequestListener } from 'node:http'
import type { Clock } from '../../base/clock.ts'
import { isoTime } from '../../base/clock.ts'
import type { Logger } from '../../base/logger.ts'
import type { ProxyConfiguration } from './configuration.ts'
import { close, listen } from './health-servers.ts'
import type { ProxyHealth } from './proxy-health.ts'
import type { ProxyMetrics } from './proxy-metrics.ts'

const HEALTHZ_PORT = 10_256
const METRICS_PORT = 10_249

export interface OwnState {
  clock: Clock
  configuration: ProxyConfiguration
  health: ProxyHealth
  metrics: ProxyMetrics
}

/** A port that somebody else has is said in the log; calls are led all the same. */
export async function serveOwnState(state: OwnState, logger: Logger): Promise<AsyncDisposable> {
  const healthz = listen(HEALTHZ_PORT, answerHealth(state))
  const metrics = listen(METRICS_PORT, answerMetrics(state), '127.0.0.1')
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

export function answerHealth({ clock, health, metrics }: OwnState): RequestListener {
  return ({ url }, response) => {
    if (url !== '/healthz' && url !== '/livez') return void response.writeHead(404).end()
    const { isHealthy, isNodeEligible, lastUpdated } = health
    const isFine = isHealthy && (url === '/livez' || isNodeEligible)
    const code = isFine ? 200 : 503
    metrics.asked(url === '/healthz' ? 'healthz' : 'livez', code)
    const currentTime = isoTime(clock)
    // Rules that nothing has changed are as good as new.
    const since = isFine ? currentTime : new Date(lastUpdated ?? 0).toISOString()
    response.writeHead(code, { 'Content-Type': 'application/json', 'X-Content-Type-Options': 'nosniff' })
    response.end(
      JSON.stringify({ lastUpdated: since, currentTime, ...(url === '/healthz' && { nodeEligible: isNodeEligible }) }),
    )
  }
}

export function answerMetrics({ configuration, metrics }: OwnState): RequestListener {
  const pages: Record<string, () => [type: string, body: string]> = {
    '/healthz': () => ['text/plain; charset=utf-8', 'ok'],
    '/proxyMode': () => ['text/plain; charset=utf-8', configuration.mode],
    '/metrics': () => ['text/plain; version=0.0.4; charset=utf-8', metrics.text()],
    '/configz': () => ['application/json', JSON.stringify({ 'kubeproxy.config.k8s.io': told(configuration) })],
  }
  return ({ url = '' }, response) => {
    const page = Object.hasOwn(pages, url) ? pages[url] : undefined
    if (!page) return void response.writeHead(404).end('404 page not found\n')
    const [type, body] = page()
    response.writeHead(200, { 'Content-Type': type, 'X-Content-Type-Options': 'nosniff' }).end(body)
  }
}

const told = (configuration: ProxyConfiguration) => ({
  ...configuration,
  healthzBindAddress: `0.0.0.0:${HEALTHZ_PORT}`,
  metricsBindAddress: `127.0.0.1:${METRICS_PORT}`,
})
