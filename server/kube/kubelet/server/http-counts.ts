// What is asked of a kubelet, counted and timed by the first word of its path. Upstream: pkg/kubelet/server/metrics, server.go.

import type { IncomingMessage } from 'node:http'
import type { Clock } from '../../../base/clock.ts'
import type { Counter, Histogram, Labels, Metrics } from '../../../base/metrics.ts'
import { USUAL_BOUNDS } from '../telemetry/bounds.ts'

const METHODS = new Set(['GET', 'HEAD', 'POST', 'PUT', 'DELETE', 'TRACE', 'OPTIONS', 'CONNECT', 'PATCH'])
const PATHS = new Set(
  'healthz pods stats metrics metrics/cadvisor metrics/probes metrics/resource exec attach portForward containerLogs configz runningpods'.split(
    ' ',
  ),
)
/** As upstream, whose word for port-forward is another one here. */
const LONG_RUNNING = new Set(['exec', 'attach'])

export class HttpCounts {
  readonly #clock: Clock
  readonly #requests: Counter
  readonly #durations: Histogram
  readonly #inflight = new Map<string, { labels: Labels; count: number }>()

  constructor({ clock, metrics }: { clock: Clock; metrics: Metrics }) {
    this.#clock = clock
    this.#requests = metrics.counter(
      'kubelet_http_requests_total',
      'Number of the http requests received since the server started',
    )
    this.#durations = metrics.histogram(
      'kubelet_http_requests_duration_seconds',
      'Duration in seconds to serve http requests',
      USUAL_BOUNDS,
    )
    metrics.gauge('kubelet_http_inflight_requests', 'Number of the inflight http requests', () =>
      [...this.#inflight.values()].map(({ labels, count }) => [labels, count] as const),
    )
  }

  /** Until it is disposed, it is being answered. */
  begin({ method = '', url = '' }: IncomingMessage): Disposable {
    const path = pathOf(url)
    const labels = {
      method: METHODS.has(method) ? method : 'other',
      path,
      server_type: 'readwrite',
      long_running: String(LONG_RUNNING.has(path)),
    }
    const key = `${labels.method} ${path}`
    const inflight = this.#inflight.get(key) ?? { labels, count: 0 }
    this.#inflight.set(key, inflight)
    const startedAt = this.#clock.monotonic()
    this.#requests.add(labels)
    inflight.count++
    return {
      [Symbol.dispose]: () => {
        inflight.count--
        this.#durations.observe(labels, (this.#clock.monotonic() - startedAt) / 1000)
      },
    }
  }
}

function pathOf(url: string): string {
  const [first = '', second] = url
    .replace(/[?#].*/s, '')
    .split('/')
    .slice(1)
  const path = first === 'metrics' && second ? `${first}/${second}` : first
  return PATHS.has(path) ? path : 'other'
}
