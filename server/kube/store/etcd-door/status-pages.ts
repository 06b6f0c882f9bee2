// What etcd tells over plain HTTP about itself: is it well, which version, and its metrics under etcd's names.
// Upstream: server/etcdserver/api/etcdhttp, and the metrics.go of each of its packages.

import type { Store } from '../store-interface.ts'
import type { CallCounters } from './call-counters.ts'
import { ETCD_VERSION } from './maintenance.ts'
import { type Metric, metricsText } from './metrics-text.ts'

interface Page {
  status: number
  type: string
  text: string
}

export type StatusPages = ReadonlyMap<string, (query: URLSearchParams) => Page>

export function statusPages(store: Store, calls: CallCounters): StatusPages {
  return new Map([
    ['/health', (query: URLSearchParams) => health(store, query.getAll('exclude'))],
    ['/livez', () => checks(store, ['serializable_read'])],
    ['/readyz', () => checks(store, ['data_corruption', 'serializable_read', 'linearizable_read'])],
    ['/version', () => json(200, { etcdserver: ETCD_VERSION, etcdcluster: '3.5.0' })],
    [
      '/metrics',
      () => ({
        status: 200,
        type: 'text/plain; version=0.0.4; charset=utf-8',
        text: metricsText([...storeMetrics(store), ...callMetrics(calls), ...processMetrics()]),
      }),
    ],
  ])
}

function health(store: Store, excluded: string[]): Page {
  const { failure, alarms } = store.status()
  const alarm = alarms.find((each) => !excluded.includes(each))
  const reason = alarm ? `ALARM ${alarm}` : failure ? `RANGE ERROR:${failure.message}` : ''
  return json(reason ? 503 : 200, { health: String(!reason), reason })
}

function checks(store: Store, names: string[]): Page {
  const { failure, alarms } = store.status()
  const wrong = (name: string) =>
    name === 'data_corruption' ? (alarms.includes('CORRUPT') ? 'ALARM CORRUPT' : undefined) : failure?.message
  const problems = names.flatMap((name) => wrong(name) ?? [])
  const lines = names.map((name) => (wrong(name) ? `[-]${name} failed: ${wrong(name)}` : `[+]${name} ok`))
  return problems.length === 0
    ? { status: 200, type: 'text/plain; charset=utf-8', text: 'ok\n' }
    : { status: 503, type: 'text/plain; charset=utf-8', text: `${lines.join('\n')}\n` }
}

function json(status: number, body: object): Page {
  return { status, type: 'application/json', text: `${JSON.stringify(body)}\n` }
}

function storeMetrics(store: Store): Metric[] {
  const { dbSizeBytes, dbSizeInUseBytes, keys, watchers, counters, failure } = store.status()
  const gauge = (name: string, value: number): Metric => ({ name, type: 'gauge', values: [{ value }] })
  const counter = (name: string, value: number): Metric => ({ name, type: 'counter', values: [{ value }] })
  const counted = counters && [
    counter('etcd_mvcc_range_total', counters.ranges),
    counter('etcd_mvcc_put_total', counters.puts),
    counter('etcd_mvcc_delete_total', counters.deletes),
    counter('etcd_mvcc_txn_total', counters.txns),
    counter('etcd_debugging_lease_granted_total', counters.leasesGranted),
    counter('etcd_debugging_lease_revoked_total', counters.leasesRevoked),
    counter('etcd_debugging_lease_renewed_total', counters.leasesRenewed),
    counter('etcd_debugging_server_lease_expired_total', counters.leasesExpired),
    counter('etcd_disk_wal_write_bytes_total', counters.writtenBytes),
    { name: 'etcd_disk_wal_fsync_duration_seconds', type: 'histogram', values: [], histogram: counters.syncSeconds },
  ]
  return [
    gauge('etcd_server_has_leader', failure ? 0 : 1),
    gauge('etcd_server_is_leader', 1),
    { name: 'etcd_server_version', type: 'gauge', values: [{ labels: { server_version: ETCD_VERSION }, value: 1 }] },
    // There is no Raft here; what is agreed upon is what is durable.
    gauge('etcd_server_proposals_committed_total', store.revision),
    gauge('etcd_server_proposals_applied_total', store.revision),
    gauge('etcd_mvcc_db_total_size_in_bytes', dbSizeBytes),
    gauge('etcd_mvcc_db_total_size_in_use_in_bytes', dbSizeInUseBytes),
    gauge('etcd_debugging_mvcc_keys_total', keys),
    gauge('etcd_debugging_mvcc_watcher_total', watchers),
    gauge('etcd_debugging_mvcc_current_revision', store.revision),
    gauge('etcd_debugging_mvcc_compact_revision', store.compactRevision),
    ...((counted ?? []) as Metric[]),
  ]
}

function callMetrics({ calls, receivedBytes, sentBytes }: CallCounters): Metric[] {
  const labelled = ({ type, service, method }: CallCounters['calls'][number]) => ({
    grpc_method: method,
    grpc_service: service,
    grpc_type: type,
  })
  const each = (name: string, of: (call: CallCounters['calls'][number]) => number): Metric => ({
    name,
    type: 'counter',
    values: calls.map((call) => ({ labels: labelled(call), value: of(call) })),
  })
  return [
    { name: 'etcd_network_client_grpc_received_bytes_total', type: 'counter', values: [{ value: receivedBytes }] },
    { name: 'etcd_network_client_grpc_sent_bytes_total', type: 'counter', values: [{ value: sentBytes }] },
    each('grpc_server_started_total', (call) => call.started),
    each('grpc_server_msg_received_total', (call) => call.messagesReceived),
    each('grpc_server_msg_sent_total', (call) => call.messagesSent),
    {
      name: 'grpc_server_handled_total',
      type: 'counter',
      values: calls.flatMap((call) =>
        [...call.handled].map(([code, value]) => ({ labels: { grpc_code: code, ...labelled(call) }, value })),
      ),
    },
  ]
}

function processMetrics(): Metric[] {
  const { user, system } = process.cpuUsage()
  return [
    { name: 'process_cpu_seconds_total', type: 'counter', values: [{ value: (user + system) / 1e6 }] },
    { name: 'process_resident_memory_bytes', type: 'gauge', values: [{ value: process.memoryUsage.rss() }] },
    { name: 'process_start_time_seconds', type: 'gauge', values: [{ value: performance.timeOrigin / 1000 }] },
  ]
}
