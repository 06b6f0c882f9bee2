// The API group metrics.k8s.io, which `kubectl top` and autoscalers read. It is served here unless somebody installs a
// server of their own, by giving the APIService a Service. Upstream: kubernetes-sigs/metrics-server, pkg/api.

import type { PolicyRule } from 'kubernetes-types/rbac/v1'
import { parseFieldSelector } from '../../apimachinery/field-selector.ts'
import { parseSelector } from '../../apimachinery/label-selector.ts'
import type { KubeObject } from '../../apimachinery/object-meta.ts'
import { Quantity } from '../../apimachinery/quantity.ts'
import { badRequest, notFound } from '../../apimachinery/status-error.ts'
import { apiVersionOf } from '../../kinds/define-kind.ts'
import { ClusterRole } from '../../kinds/index.ts'
import { type ApiResources, noSuchResource, notAllowed } from '../endpoints/api-resources.ts'
import type { UnstoredKind } from '../endpoints/unstored-kind.ts'
import type { Answer } from '../request-path/answer.ts'
import type { RequestInfo } from '../request-path/request-info.ts'
import { createOnce, type SystemPart } from '../system-objects/part.ts'
import { METRICS, NodeMetrics, type NodeUsage, PodMetrics, type PodUsage } from './kinds.ts'
import type { Figures, Measured, ResourceMetrics } from './resource-metrics.ts'

const GROUP = METRICS.group
const API_VERSION = apiVersionOf(METRICS)

export const MEASURED: readonly UnstoredKind[] = [NodeMetrics, PodMetrics].map((kind) => ({
  kind,
  verbs: ['get', 'list'],
}))

/** Whoever may look at a namespace may see what its pods use. */
export function metricsReaders(): SystemPart {
  const rules: PolicyRule[] = [{ apiGroups: [GROUP], resources: ['pods', 'nodes'], verbs: ['get', 'list', 'watch'] }]
  const labels = Object.fromEntries(
    ['admin', 'edit', 'view'].map((role) => [`rbac.authorization.k8s.io/aggregate-to-${role}`, 'true']),
  )
  const object = { metadata: { name: 'system:aggregated-metrics-reader', labels }, rules }
  return {
    isComplete: (peek) => peek(ClusterRole, '', object.metadata.name) !== undefined,
    ensure: (client, peek) => createOnce(client, peek, { kind: ClusterRole, object }),
  }
}

export const isMetrics = ({ isResource, group, version }: RequestInfo) =>
  isResource && group === GROUP && version === METRICS.version

export async function answerMetrics(
  { resources, metrics }: { resources: ApiResources; metrics: ResourceMetrics },
  info: RequestInfo,
  query: URLSearchParams,
): Promise<Answer> {
  const { resource, namespace, name, subresource, verb } = info
  const kind = resource === 'nodes' ? NodeMetrics : PodMetrics
  const show = { nodes: nodeMetrics, pods: podMetrics }[resource]
  if (!show || subresource || (resource === 'nodes' && namespace)) throw noSuchResource()
  if (verb !== 'get' && verb !== 'list') {
    throw notAllowed()
  }
  const all = resources.core(resource)?.cache.all() ?? []
  const isAsked = wanted(info, query)
  const asked = all.map(({ object }) => object).filter(isAsked)
  if (verb === 'get' && asked.length === 0) throw notFound({ group: GROUP, resource }, name)
  const measured = await metrics.now()
  const items = asked.map((object) => show(measured, object)).filter((one) => one !== undefined)
  if (verb === 'get') {
    const [item] = items
    const shown = namespace ? `${namespace}/${name}` : name
    if (!item) throw notFound({ group: GROUP, resource: resource === 'nodes' ? 'nodemetrics' : 'podmetrics' }, shown)
    return { type: 'object', code: 200, object: item, shown: { kind, objects: [item] } }
  }
  const object = { kind: kind.listKind, apiVersion: API_VERSION, metadata: {}, items }
  return { type: 'object', code: 200, object, shown: { kind, objects: items } }
}

function wanted({ verb, name, namespace }: RequestInfo, query: URLSearchParams): (object: KubeObject) => boolean {
  const labels = parseSelector(query.get('labelSelector') ?? '')
  const fields = verb === 'list' ? parseFieldSelector(query.get('fieldSelector') ?? '') : []
  const readers: Record<string, (object: KubeObject) => string> = {
    'metadata.name': ({ metadata }) => metadata?.name ?? '',
    'metadata.namespace': ({ metadata }) => metadata?.namespace ?? '',
  }
  for (const { field } of fields) if (!readers[field]) throw badRequest(`field label not supported: ${field}`)
  return (object) =>
    (!namespace || object.metadata?.namespace === namespace) &&
    (verb !== 'get' || object.metadata?.name === name) &&
    labels.matches(object.metadata?.labels) &&
    fields.every(({ field, value, equal }) => (readers[field]!(object) === value) === equal)
}

function nodeMetrics({ nodes }: Measured, { metadata }: KubeObject): NodeUsage | undefined {
  const figures = nodes.get(metadata?.name ?? '')
  return figures && { kind: 'NodeMetrics', apiVersion: API_VERSION, ...shown(metadata, figures), usage: usage(figures) }
}

function podMetrics({ pods }: Measured, { metadata }: KubeObject): PodUsage | undefined {
  const containers = pods.get(`${metadata?.namespace}/${metadata?.name}`)
  // The oldest of them, so that nothing is called newer than it is.
  const oldest = [...(containers?.values() ?? [])].sort((a, b) => a.at - b.at)[0]
  if (!containers || !oldest) return undefined
  return {
    kind: 'PodMetrics',
    apiVersion: API_VERSION,
    ...shown(metadata, oldest),
    containers: Array.from(containers, ([name, figures]) => ({ name, usage: usage(figures) })),
  }
}

function shown(metadata: KubeObject['metadata'], { at, windowMs }: Figures) {
  const { name, namespace, labels } = metadata ?? {}
  const timestamp = `${new Date(at).toISOString().slice(0, 19)}Z`
  return {
    metadata: {
      name,
      ...(namespace ? { namespace } : {}),
      creationTimestamp: timestamp,
      ...(labels ? { labels } : {}),
    },
    timestamp,
    window: `${Math.round(windowMs) / 1000}s`,
  }
}

const usage = ({ cpuCores, memoryBytes }: Figures) => ({
  cpu: new Quantity(BigInt(Math.ceil(cpuCores * 1e9)), 'decimal').toString(),
  memory: new Quantity(BigInt(Math.round(memoryBytes)) * 1_000_000_000n, 'binary').toString(),
})
