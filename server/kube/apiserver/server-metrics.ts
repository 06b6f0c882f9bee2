// What the server tells of its storage and its watches, beside what requests and queues tell of themselves.
// Upstream: apiserver/pkg/storage/etcd3/metrics, apiserver/pkg/endpoints/metrics.

import type { Metrics } from '../../base/metrics.ts'
import type { AnyKind } from '../kinds/define-kind.ts'
import type { Store } from '../store/store.ts'
import { VERSION } from './endpoints/server-state.ts'
import type { StoreFeed } from './watch-cache/store-feed.ts'

export function describeServer(metrics: Metrics, { store, feed }: { store: Store; feed: StoreFeed }): void {
  const perCache = (value: (of: { kind: AnyKind; size: number; watchers: number }) => number) =>
    [...feed.caches()].map((cache) => [resourceLabels(cache.kind), value(cache)] as const)
  const { gitVersion, major, minor, platform } = VERSION
  metrics.gauge('kubernetes_build_info', 'Which version this is.', () => [
    [{ git_version: gitVersion, major, minor, platform }, 1],
  ])
  // v1.34 calls it apiserver_resource_objects; dashboards know both.
  metrics.gauge('apiserver_storage_objects', 'Objects of each resource.', () =>
    [...feed.caches()].map(({ kind, size }) => [{ resource: qualified(kind) }, size] as const),
  )
  metrics.gauge('apiserver_resource_objects', 'Objects of each resource.', () => perCache(({ size }) => size))
  metrics.gauge('apiserver_longrunning_requests', 'Watches that are open.', () =>
    [...feed.caches()].map(
      ({ kind: { group, plural, version }, watchers }) =>
        [{ group, resource: plural, verb: 'WATCH', version }, watchers] as const,
    ),
  )
  metrics.gauge('apiserver_storage_size_bytes', 'Bytes on disk.', () => [[{}, store.status().dbSizeBytes]])
  metrics.gauge('etcd_debugging_mvcc_current_revision', 'The newest revision.', () => [[{}, store.revision]])
}

const resourceLabels = ({ group, plural }: AnyKind) => ({ group, resource: plural })
const qualified = ({ group, plural }: AnyKind) => (group ? `${plural}.${group}` : plural)
