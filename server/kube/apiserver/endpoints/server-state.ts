// Is the server alive, and which version is it? Upstream: apiserver/pkg/server/healthz, routes/version.go.

import type { Store } from '../../store/store.ts'
import type { Answer, DocumentAnswer } from '../request-path/answer.ts'
import type { StoreFeed } from '../watch-cache/store-feed.ts'

export const VERSION = {
  major: '1',
  minor: '36',
  emulationMajor: '1',
  emulationMinor: '36',
  minCompatibilityMajor: '1',
  minCompatibilityMinor: '35',
  gitVersion: 'v1.36.0',
  gitCommit: '0000000000000000000000000000000000000000',
  gitTreeState: 'clean',
  buildDate: '2026-04-22T00:00:00Z',
  goVersion: 'none',
  compiler: 'node',
  platform: `${process.platform}/${process.arch === 'x64' ? 'amd64' : process.arch}`,
}

export function healthAnswer(path: string, query: URLSearchParams, store: Store): Answer {
  const failure = store.status().failure
  const checks = [
    { name: 'ping', ok: true },
    { name: 'log', ok: true },
    { name: 'etcd', ok: !failure },
    { name: 'poststarthook/start-apiserver-watch-cache', ok: true },
  ]
  const [root = 'healthz', single] = path.split('/').filter((part) => part !== '')
  const asked = single ? checks.filter((check) => check.name === single) : checks
  if (single && asked.length === 0) return textAnswer(404, '404 page not found\n')
  const isOk = asked.every((check) => check.ok)
  if (isOk && !query.has('verbose')) return textAnswer(200, 'ok')
  const lines = asked.map(
    (check) => `[${check.ok ? '+' : '-'}]${check.name} ${check.ok ? 'ok' : 'failed: reason withheld'}`,
  )
  return textAnswer(isOk ? 200 : 500, `${lines.join('\n')}\n${root} check ${isOk ? 'passed' : 'failed'}\n`)
}

export const textAnswer = (code: number, body: string): DocumentAnswer => ({
  type: 'document',
  code,
  contentType: 'text/plain; charset=utf-8',
  body,
})

export function metricsAnswer({ store, feed }: { store: Store; feed: StoreFeed }): Answer {
  const lines = [
    '# TYPE apiserver_storage_objects gauge',
    ...[...feed.caches()].map(
      ({ kind, size }) => `apiserver_storage_objects{resource="${qualifiedName(kind)}"} ${size}`,
    ),
    '# TYPE apiserver_longrunning_requests gauge',
    ...[...feed.caches()].map(
      ({ kind, watchers }) =>
        `apiserver_longrunning_requests{group="${kind.group}",resource="${kind.plural}",verb="WATCH",version="${kind.version}"} ${watchers}`,
    ),
    '# TYPE apiserver_storage_size_bytes gauge',
    `apiserver_storage_size_bytes ${store.status().dbSizeBytes}`,
    '# TYPE etcd_debugging_mvcc_current_revision gauge',
    `etcd_debugging_mvcc_current_revision ${store.revision}`,
  ]
  return {
    type: 'document',
    code: 200,
    contentType: 'text/plain; version=0.0.4; charset=utf-8',
    body: `${lines.join('\n')}\n`,
  }
}

const qualifiedName = ({ group, plural }: { group: string; plural: string }) => (group ? `${plural}.${group}` : plural)
