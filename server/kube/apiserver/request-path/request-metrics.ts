// Requests, counted and timed under upstream's names. Upstream: apiserver/pkg/endpoints/metrics/metrics.go.

import type { Count, Labels, Metrics, Series } from '../../../base/metrics.ts'
import type { ApiRequest } from './api-request.ts'
import { codeOf, type Outcome } from './outcome.ts'
import type { RequestInfo } from './request-info.ts'

const SECONDS = [0.005, 0.025, 0.05, 0.1, 0.2, 0.4, 0.6, 0.8, 1, 1.25, 1.5, 2, 3, 4, 5, 6, 8, 10, 15, 20, 30, 45, 60]
const VERB: Readonly<Record<string, string>> = {
  get: 'GET',
  list: 'LIST',
  watch: 'WATCH',
  create: 'POST',
  update: 'PUT',
  patch: 'PATCH',
  delete: 'DELETE',
  deletecollection: 'DELETECOLLECTION',
}
const OTHER = 'OTHER'
const CONNECTS = new Set(['exec', 'attach', 'portforward', 'proxy'])
const READS = new Set(['get', 'list', 'watch', 'head'])

export class RequestMetrics {
  readonly #total
  readonly #seconds
  readonly #inFlight = { readOnly: 0, mutating: 0 }
  readonly #lines = new Map<string, Line>()
  readonly #isServed: (info: RequestInfo) => boolean

  /** `isServed`: what nobody serves has no name here, or any caller could fill the memory with names. */
  constructor(metrics: Metrics, isServed: (info: RequestInfo) => boolean) {
    this.#isServed = isServed
    this.#total = metrics.counter('apiserver_request_total', 'Requests answered.')
    this.#seconds = metrics.histogram('apiserver_request_duration_seconds', 'How long answers took.', SECONDS)
    metrics.gauge('apiserver_current_inflight_requests', 'Requests under way, without those that stream.', () =>
      Object.entries(this.#inFlight).map(([request_kind, count]) => [{ request_kind }, count]),
    )
  }

  /** What is given back is called when the request is answered. */
  begin(info: RequestInfo): () => void {
    const kind = READS.has(info.verb) ? 'readOnly' : 'mutating'
    this.#inFlight[kind]++
    return () => void this.#inFlight[kind]--
  }

  end(outcome: Outcome, request: ApiRequest, durationMs: number): void {
    const { group, version, resource, subresource, verb, name, namespace } = outcome.info
    const isApply = verb === 'patch' && request.contentType.startsWith('application/apply-patch')
    const isDry = request.query.has('dryRun')
    const scope = name !== '' || verb === 'create' ? 'resource' : namespace !== '' ? 'namespace' : 'cluster'
    // Lines are looked up once for each kind of request, not once for each request.
    const key = `${group} ${version} ${resource} ${subresource} ${verb} ${scope} ${isApply} ${isDry}`
    let line = this.#lines.get(key)
    if (!line) {
      const labels = this.#labels(outcome.info, { isApply, isDry, scope })
      line = { labels, seconds: this.#seconds.of(labels), byCode: new Map() }
      if (labels.resource !== '' && labels.verb !== OTHER) this.#lines.set(key, line)
    }
    line.seconds.observe(durationMs / 1000)
    const code = codeOf(outcome)
    let count = line.byCode.get(code)
    if (!count) {
      count = this.#total.of({ code: String(code), ...line.labels })
      line.byCode.set(code, count)
    }
    count.value++
  }

  #labels(info: RequestInfo, told: { isApply: boolean; isDry: boolean; scope: string }): Labels {
    const isServed = info.isResource && this.#isServed(info)
    const { group, version, resource, subresource } = isServed ? info : NOT_SERVED
    const verb = told.isApply ? 'APPLY' : CONNECTS.has(subresource) ? 'CONNECT' : (VERB[info.verb] ?? OTHER)
    return {
      component: 'apiserver',
      dry_run: told.isDry ? 'All' : '',
      group,
      resource,
      scope: isServed ? told.scope : '',
      subresource,
      verb,
      version,
    }
  }
}

const NOT_SERVED = { group: '', version: '', resource: '', subresource: '' }

interface Line {
  labels: Labels
  seconds: Series
  byCode: Map<number, Count>
}
