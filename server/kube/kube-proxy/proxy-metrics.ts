// kube-proxy's numbers under upstream's names. Upstream: pkg/proxy/metrics/metrics.go.

import type { Clock } from '../../base/clock.ts'
import { Metrics } from '../../base/metrics.ts'
import type { ProxyModeName } from './configuration.ts'
import type { RuleCounts } from './proxy-mode.ts'
import type { Family, ServicePort } from './service-ports.ts'

const SYNC_BOUNDS = Array.from({ length: 15 }, (_, power) => 0.001 * 2 ** power)
const steps = (from: number, step: number, count: number) => Array.from({ length: count }, (_, at) => from + at * step)
const PROGRAMMING_BOUNDS = [...steps(0.25, 0.25, 2), ...steps(1, 1, 59), ...steps(60, 5, 12), ...steps(120, 30, 7)]

/** What is read of a family's rules when somebody asks. */
export interface FamilyFacts {
  family: Family
  counts: RuleCounts | undefined
  ports: readonly ServicePort[]
}

export class ProxyMetrics {
  readonly #clock: Clock
  readonly #mode: ProxyModeName
  readonly #metrics = new Metrics()
  readonly #queuedAt = new Map<Family, number>()
  readonly #syncedAt = new Map<Family, number>()
  readonly #pending = { service: new Set<string>(), endpoint: new Set<string>() }

  constructor(clock: Clock, mode: ProxyModeName, facts: () => readonly FamilyFacts[]) {
    this.#clock = clock
    this.#mode = mode
    const metrics = this.#metrics
    const gauge = (name: string, help: string, at: ReadonlyMap<Family, number>) =>
      metrics.gauge(name, help, () => [...at].map(([family, ms]) => [{ ip_family: family }, ms / 1000] as const))
    gauge(
      'kubeproxy_sync_proxy_rules_last_queued_timestamp_seconds',
      'The last time a sync of proxy rules was queued',
      this.#queuedAt,
    )
    gauge(
      'kubeproxy_sync_proxy_rules_last_timestamp_seconds',
      'The last time proxy rules were successfully synced',
      this.#syncedAt,
    )
    for (const [kind, waiting] of Object.entries(this.#pending)) {
      const name = kind === 'service' ? 'Service' : 'Endpoint'
      metrics.gauge(`kubeproxy_sync_proxy_rules_${kind}_changes_pending`, `Pending proxy rules ${name} changes`, () => [
        [{}, waiting.size],
      ])
      // There from the beginning, as upstream's are.
      this.#changes(kind as 'service' | 'endpoint').add({}, 0)
    }
    metrics.gauge(
      'kubeproxy_sync_proxy_rules_no_local_endpoints_total',
      'Number of services with a Local traffic policy and no endpoints',
      () => facts().flatMap(({ family, ports }) => withoutLocal(family, ports)),
    )
    if (mode === 'nftables') return
    this.#failures('iptables_restore')
    if (mode !== 'iptables') return
    this.#failures('iptables_partial_restore')
    for (const which of ['total', 'last'] as const) {
      const help =
        which === 'total'
          ? 'Total number of iptables rules owned by kube-proxy'
          : 'Number of iptables rules written by kube-proxy in last sync'
      metrics.gauge(`kubeproxy_sync_proxy_rules_iptables_${which}`, help, () =>
        facts().flatMap(({ family, counts = {} }) =>
          Object.entries(counts).map(([table, count]) => [{ ip_family: family, table }, count[which]] as const),
        ),
      )
    }
  }

  text(): string {
    return this.#metrics.text()
  }

  queued(family: Family): void {
    this.#queuedAt.set(family, this.#clock.now())
  }

  changed(kind: 'service' | 'endpoint', key: string): void {
    this.#changes(kind).add({})
    this.#pending[kind].add(key)
  }

  synced(family: Family, { startedAt, isFull }: { startedAt: number; isFull: boolean }): void {
    const labels = { ip_family: family }
    const seconds = (this.#clock.monotonic() - startedAt) / 1000
    const observe = (part: string, help: string) =>
      this.#metrics
        .histogram(`kubeproxy_sync_${part}proxy_rules_duration_seconds`, help, SYNC_BOUNDS)
        .observe(labels, seconds)
    observe('', 'SyncProxyRules latency in seconds')
    if (this.#mode === 'iptables') {
      const which = isFull ? 'full' : 'partial'
      observe(`${which}_`, `SyncProxyRules latency in seconds for ${which} resyncs`)
    }
    this.#syncedAt.set(family, this.#clock.now())
  }

  failed(family: Family, { isFull }: { isFull: boolean }): void {
    const isPartial = this.#mode === 'iptables' && !isFull
    const failures = this.#mode === 'nftables' ? (['nftables_sync'] as const) : (['iptables_restore'] as const)
    for (const what of [...failures, ...(isPartial ? (['iptables_partial_restore'] as const) : [])]) {
      this.#failures(what).add({ ip_family: family })
    }
  }

  /** What was heard of until now is being worked on. */
  takenUp(): void {
    this.#pending.service.clear()
    this.#pending.endpoint.clear()
  }

  programmed(family: Family, changedAt: number): void {
    this.#metrics
      .histogram(
        'kubeproxy_network_programming_duration_seconds',
        'In Cluster Network Programming Latency in seconds',
        PROGRAMMING_BOUNDS,
      )
      .observe({ ip_family: family }, (this.#clock.now() - changedAt) / 1000)
  }

  asked(path: 'healthz' | 'livez', code: number): void {
    this.#metrics
      .counter(`kubeproxy_proxy_${path}_total`, `Cumulative proxy ${path} HTTP status`)
      .add({ code: String(code) })
  }

  #changes(kind: 'service' | 'endpoint') {
    const name = kind === 'service' ? 'Service' : 'Endpoint'
    return this.#metrics.counter(
      `kubeproxy_sync_proxy_rules_${kind}_changes_total`,
      `Cumulative proxy rules ${name} changes`,
    )
  }

  #failures(what: 'iptables_restore' | 'iptables_partial_restore' | 'nftables_sync') {
    return this.#metrics.counter(
      `kubeproxy_sync_proxy_rules_${what}_failures_total`,
      `Cumulative proxy ${what.replaceAll('_', ' ')} failures`,
    )
  }
}

function withoutLocal(family: Family, ports: readonly ServicePort[]) {
  const count = (isLocal: (port: ServicePort) => boolean) =>
    new Set(
      ports
        .filter((port) => isLocal(port) && port.hasEndpoints && port.local.length === 0)
        .map(({ namespace, service }) => `${namespace}/${service}`),
    ).size
  return [
    [{ ip_family: family, traffic_policy: 'external' }, count(({ externalLocal }) => externalLocal)] as const,
    [{ ip_family: family, traffic_policy: 'internal' }, count(({ internalLocal }) => internalLocal)] as const,
  ]
}
