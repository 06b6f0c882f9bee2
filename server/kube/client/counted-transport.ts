// A way to an API server whose requests are counted and timed, as every component of Kubernetes tells of its own.
// Upstream: client-go/rest/request.go, component-base/metrics/prometheus/restclient.

import type { Clock } from '../../base/clock.ts'
import type { Metrics } from '../../base/metrics.ts'
import { StatusError } from '../apimachinery/status-error.ts'
import type { Transport, TransportRequest } from './transport.ts'

const BOUNDS = [0.005, 0.025, 0.1, 0.25, 0.5, 1, 2, 4, 8, 15, 30, 60]

export function counted(
  transport: Transport,
  { host, clock, metrics }: { host: string; clock: Clock; metrics: Metrics },
): Transport {
  const requests = metrics.counter(
    'rest_client_requests_total',
    'Number of HTTP requests, partitioned by status code, method, and host.',
  )
  const durations = metrics.histogram(
    'rest_client_request_duration_seconds',
    'Request latency in seconds. Broken down by verb, and host.',
    BOUNDS,
  )
  const send = async <T>(request: TransportRequest, ask: (request: TransportRequest) => Promise<T>): Promise<T> => {
    const { method } = request
    const startedAt = clock.monotonic()
    const note = (code: string) => {
      requests.add({ code, method, host })
      durations.observe({ verb: method, host }, (clock.monotonic() - startedAt) / 1000)
    }
    try {
      const answer = await ask(request)
      // Which of the good ones it was is no longer known here; what is posted is made.
      note(method === 'POST' ? '201' : '200')
      return answer
    } catch (err) {
      note(err instanceof StatusError ? String(err.code) : '<error>')
      throw err
    }
  }
  return {
    request: (request) => send(request, transport.request),
    watch: (request) => send(request, transport.watch),
    stream: (request) => send(request, transport.stream),
  }
}
