import type { IncomingMessage } from 'node:http'
import { expect, it } from 'vitest'
import { FakeClock } from '../../../base/clock.ts'
import { Metrics } from '../../../base/metrics.ts'
import { HttpCounts } from './http-counts.ts'

it.each([
  ['GET', '/pods?limit=1', 'GET', 'pods', 'false'],
  ['GET', '/metrics/cadvisor', 'GET', 'metrics/cadvisor', 'false'],
  ['POST', '/exec/default/web/app', 'POST', 'exec', 'true'],
  ['GET', '/portForward/default/web', 'GET', 'portForward', 'false'],
  ['GET', '/no/such/thing', 'GET', 'other', 'false'],
  ['BREW', '/pods', 'other', 'pods', 'false'],
])('counts %s %s as %s %s', async (method, url, asMethod, path, long) => {
  const clock = new FakeClock()
  const metrics = new Metrics()
  const counts = new HttpCounts({ clock, metrics })
  const labels = `{method="${asMethod}",path="${path}",server_type="readwrite",long_running="${long}"}`
  const answering = counts.begin({ method, url } as IncomingMessage)
  expect(metrics.text()).toContain(`kubelet_http_inflight_requests${labels} 1`)
  await clock.advance(2_000)
  answering[Symbol.dispose]()
  const lines = metrics.text().split('\n')
  expect(lines).toContain(`kubelet_http_inflight_requests${labels} 0`)
  expect(lines).toContain(`kubelet_http_requests_total${labels} 1`)
  expect(lines).toContain(`kubelet_http_requests_duration_seconds_sum${labels} 2`)
})
