import type { Server } from 'node:http'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { FakeClock } from '../../base/clock.ts'
import { close, listen } from './health-servers.ts'
import { answerHealth, answerMetrics, type OwnState } from './own-server.ts'
import { ProxyHealth } from './proxy-health.ts'
import { ProxyMetrics } from './proxy-metrics.ts'
import { endpoint, ports, service, slice } from './testing/sample-services.ts'

let clock: FakeClock
let state: OwnState
let servers: { health: Server; metrics: Server }

beforeEach(async () => {
  clock = new FakeClock()
  const local = ports(service({ internalTrafficPolicy: 'Local' }), [slice(endpoint('10.244.0.2', { node: 'n2' }))])
  const counts = { nat: { total: 12, last: 3 }, filter: { total: 5, last: 0 } }
  const metrics = new ProxyMetrics(clock, 'iptables', () => [{ family: 'IPv4', counts, ports: local }])
  const configuration = { kind: 'KubeProxyConfiguration', mode: 'iptables' as const, clusterCIDR: '10.244.0.0/16' }
  state = { clock, configuration, health: new ProxyHealth(clock), metrics }
  servers = { health: await listen(0, answerHealth(state)), metrics: await listen(0, answerMetrics(state)) }
})
afterEach(() => Promise.all(Object.values(servers).map(close)))

async function ask(server: keyof typeof servers, path: string) {
  const { port } = servers[server].address() as { port: number }
  const answer = await fetch(`http://127.0.0.1:${port}${path}`)
  return { status: answer.status, body: await answer.text() }
}
const number = async (line: string) =>
  Number(
    (await ask('metrics', '/metrics')).body
      .split('\n')
      .find((one) => one.startsWith(`${line} `))
      ?.split(' ')[1],
  )

it('is healthy from the beginning until news have waited for a minute, and again when they are worked off', async () => {
  expect((await ask('health', '/healthz')).status).toBe(200)
  state.health.queued()
  await clock.advance(59_000)
  // Later ones do not make those before them any younger.
  state.health.queued()
  expect((await ask('health', '/healthz')).status).toBe(200)
  await clock.advance(1_000)
  expect((await ask('health', '/healthz')).status).toBe(503)
  expect((await ask('health', '/livez')).status).toBe(503)
  state.health.updated()
  expect(JSON.parse((await ask('health', '/livez')).body)).toEqual({
    lastUpdated: new Date(clock.now()).toISOString().replace('.000', ''),
    currentTime: new Date(clock.now()).toISOString().replace('.000', ''),
  })
  expect(await number('kubeproxy_proxy_healthz_total{code="503"}')).toBe(1)
})

it('sends load balancers away from a node that is about to go, and lives on', async () => {
  state.health.see({ spec: { taints: [{ key: 'ToBeDeletedByClusterAutoscaler', effect: 'NoSchedule' }] } })
  expect(await ask('health', '/healthz')).toMatchObject({
    status: 503,
    body: expect.stringContaining('"nodeEligible":false'),
  })
  expect((await ask('health', '/livez')).status).toBe(200)
})

it('tells its mode and its configuration', async () => {
  expect((await ask('metrics', '/proxyMode')).body).toBe('iptables')
  expect(JSON.parse((await ask('metrics', '/configz')).body)).toEqual({
    'kubeproxy.config.k8s.io': {
      kind: 'KubeProxyConfiguration',
      mode: 'iptables',
      clusterCIDR: '10.244.0.0/16',
      healthzBindAddress: '0.0.0.0:10256',
      metricsBindAddress: '127.0.0.1:10249',
    },
  })
  expect((await ask('metrics', '/toString')).status).toBe(404)
})

it('counts rounds, what waits for one, and rules', async () => {
  const { metrics } = state
  metrics.changed('endpoint', 'default/web')
  metrics.changed('endpoint', 'default/web')
  metrics.queued('IPv4')
  expect(await number('kubeproxy_sync_proxy_rules_endpoint_changes_pending')).toBe(1)
  expect(await number('kubeproxy_sync_proxy_rules_endpoint_changes_total')).toBe(2)
  expect(await number('kubeproxy_sync_proxy_rules_service_changes_total')).toBe(0)
  const startedAt = clock.monotonic()
  await clock.advance(3)
  metrics.synced('IPv4', { startedAt, isFull: false })
  metrics.programmed('IPv4', clock.now() - 700)
  metrics.takenUp()
  metrics.failed('IPv4', { isFull: false })
  expect(await number('kubeproxy_sync_proxy_rules_endpoint_changes_pending')).toBe(0)
  expect(await number('kubeproxy_sync_partial_proxy_rules_duration_seconds_bucket{ip_family="IPv4",le="0.004"}')).toBe(
    1,
  )
  expect(await number('kubeproxy_sync_proxy_rules_duration_seconds_bucket{ip_family="IPv4",le="0.002"}')).toBe(0)
  expect(await number('kubeproxy_network_programming_duration_seconds_bucket{ip_family="IPv4",le="0.5"}')).toBe(0)
  expect(await number('kubeproxy_network_programming_duration_seconds_bucket{ip_family="IPv4",le="1"}')).toBe(1)
  expect(await number('kubeproxy_sync_proxy_rules_last_timestamp_seconds{ip_family="IPv4"}')).toBe(clock.now() / 1000)
  expect(await number('kubeproxy_sync_proxy_rules_iptables_partial_restore_failures_total{ip_family="IPv4"}')).toBe(1)
  expect(await number('kubeproxy_sync_proxy_rules_iptables_total{ip_family="IPv4",table="nat"}')).toBe(12)
  expect(await number('kubeproxy_sync_proxy_rules_iptables_last{ip_family="IPv4",table="nat"}')).toBe(3)
  expect(
    await number('kubeproxy_sync_proxy_rules_no_local_endpoints_total{ip_family="IPv4",traffic_policy="internal"}'),
  ).toBe(1)
  expect(
    await number('kubeproxy_sync_proxy_rules_no_local_endpoints_total{ip_family="IPv4",traffic_policy="external"}'),
  ).toBe(0)
})
