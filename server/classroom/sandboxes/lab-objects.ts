// Puts a lab's objects into a learner's cluster, and takes everything out again that a learner may have made.

import { isNotFound } from '../../kube/apimachinery/index.ts'
import type { KubeObject } from '../../kube/apimachinery/object-meta.ts'

import type { AnyKind } from '../../kube/kinds/define-kind.ts'
import {
  builtInKinds,
  ClusterRole,
  ClusterRoleBinding,
  Deployment,
  EndpointSlice,
  Endpoints,
  Event,
  Namespace,
  Node,
  Pod,
  ReplicaSet,
  Service,
} from '../../kube/kinds/index.ts'
import { LAB_NAMESPACE } from '../labs/cluster-view.ts'
import type { ClusterWatch } from './cluster-watch.ts'

/** What every cluster has by itself, and a lab must leave alone. */
const OWN_NAMESPACES = new Set(['default', 'kube-system', 'kube-public', 'kube-node-lease'])
/** Where a lab and its learner's slips leave things. */
const CLEARED_NAMESPACES: readonly string[] = [LAB_NAMESPACE, 'kube-public']
/** Rights that reach beyond any namespace. */
const CLUSTER_WIDE: readonly AnyKind[] = [ClusterRoleBinding, ClusterRole]
const OWN_OBJECTS = new Set([
  'services/kubernetes',
  'endpoints/kubernetes',
  'endpointslices/kubernetes',
  // Whom a learner can be by `kubectl config use-context`.
  'rolebindings/developers',
  'clusterrolebindings/auditors',
])
const OWN_CONFIG_MAPS = new Set(['kube-root-ca.crt', 'cluster-info'])
/** Rights that every cluster comes with: of its own parts, of machines that join, of who keeps network policies. */
const OWN_RIGHTS = /^(system|kubeadm|podium):/
const OWN_LABELS_OF_NODES = /(^|\.)kubernetes\.io\//

/** Changes each object that exists, and makes the others; resolves when the caches show it. */
export async function applyObjects(watch: ClusterWatch, objects: readonly KubeObject[], signal?: AbortSignal) {
  for (const object of objects) {
    const kind = kindOf(object)
    const namespace = kind.namespaced ? (object.metadata?.namespace ?? LAB_NAMESPACE) : undefined
    const metadata = { ...object.metadata, ...(namespace ? { namespace } : {}) }
    const client = watch.client.of(kind)
    const name = object.metadata?.name ?? ''
    const at = namespace ? { namespace, name } : { name }
    let written: KubeObject
    try {
      written = await client.patch(at, 'application/merge-patch+json', object)
    } catch (err) {
      if (!isNotFound(err)) throw err
      written = await client.create({ ...object, metadata })
    }
    await watch.until(() => shows(watch, kind, written), signal)
  }
}

function kindOf(object: KubeObject): AnyKind {
  const kind = builtInKinds.find(({ kind: name, group, version }) => {
    return name === object.kind && object.apiVersion === (group ? `${group}/${version}` : version)
  })
  if (!kind) throw new Error(`this cluster has no kind ${object.kind} in ${object.apiVersion}`)
  return kind
}

/** Whether the cache is as new as what was written. Kinds that no check reads are not waited for. */
function shows(watch: ClusterWatch, kind: AnyKind, written: KubeObject): boolean {
  const cache = watch.objectsOf(kind)
  if (!cache) return true
  const { uid, resourceVersion } = written.metadata ?? {}
  const seen = cache.find((object) => object.metadata?.uid === uid)
  return Number(seen?.metadata?.resourceVersion ?? 0) >= Number(resourceVersion)
}

/**
 * Brings the cluster back to empty, owners before what they own, so that no loop makes anything again meanwhile.
 * Pods are not given time to end: the learner waits. Resolves when the caches show nothing of it any more. What a learner
 * who does not wait makes meanwhile goes too.
 */
export async function clearCluster(watch: ClusterWatch, signal?: AbortSignal): Promise<void> {
  await clearNodes(watch)
  const namespaces = await watch.client.of(Namespace).list()
  const extra = namespaces.items.filter(({ metadata }) => !OWN_NAMESPACES.has(metadata?.name ?? ''))
  await Promise.all(extra.map(({ metadata }) => remove(watch, Namespace, { name: metadata?.name ?? '' })))
  const kinds = builtInKinds.filter((kind) => kind.namespaced && kind !== Event)
  const owners: readonly AnyKind[] = [Deployment, ReplicaSet, Service]
  const order = [
    ...owners,
    ...kinds.filter((kind) => !owners.includes(kind) && kind !== Pod && kind !== Endpoints),
    Pod,
  ]
  const removed = new Set<string | undefined>()
  const left = () => [...order, ...CLUSTER_WIDE].flatMap((kind) => leftOf(watch, kind))
  do {
    for (const namespace of CLEARED_NAMESPACES) {
      for (const kind of order) await clearKind(watch, kind, removed, namespace)
    }
    for (const kind of CLUSTER_WIDE) await clearKind(watch, kind, removed)
    await watch.until(() => left().every(({ metadata }) => !removed.has(metadata?.uid)), signal)
  } while (left().length > 0)
}

/** Notes the uids of what it removes. */
async function clearKind(
  watch: ClusterWatch,
  kind: AnyKind,
  removed: Set<string | undefined>,
  namespace?: string,
): Promise<void> {
  const at = namespace === undefined ? {} : { namespace }
  const { items } = await watch.client.of(kind).list(at)
  await Promise.all(
    items
      .filter((object) => !isOwn(kind, object))
      .map(({ metadata }) => {
        removed.add(metadata?.uid)
        return remove(watch, kind, { ...at, name: metadata?.name ?? '' })
      }),
  )
}

function isOwn(kind: AnyKind, { metadata }: KubeObject): boolean {
  const name = metadata?.name ?? ''
  if (OWN_OBJECTS.has(`${kind.plural}/${name}`)) return true
  if (metadata?.labels?.['kubernetes.io/bootstrapping'] === 'rbac-defaults') return true
  if (kind.group === ClusterRole.group && OWN_RIGHTS.test(name)) return true
  if (kind.plural === 'endpointslices') return metadata?.labels?.['kubernetes.io/service-name'] === 'kubernetes'
  if (kind.plural === 'configmaps') return OWN_CONFIG_MAPS.has(name)
  if (kind.plural === 'serviceaccounts') return name === 'default'
  return kind.plural === 'leases'
}

async function remove(watch: ClusterWatch, kind: AnyKind, at: { namespace?: string; name: string }): Promise<void> {
  try {
    await watch.client
      .of(kind)
      .delete(at, { propagationPolicy: 'Background', ...(kind === Pod ? { gracePeriodSeconds: 0 } : {}) })
  } catch (err) {
    if (!isNotFound(err)) throw err
  }
}

/** Slices go when the loop notices that their Service has gone, which nobody has to wait for. */
function leftOf(watch: ClusterWatch, kind: AnyKind): readonly KubeObject[] {
  if (kind === EndpointSlice) return []
  const isLeft = (object: KubeObject) =>
    (!kind.namespaced || CLEARED_NAMESPACES.includes(object.metadata?.namespace ?? '')) && !isOwn(kind, object)
  return watch.objectsOf(kind)?.filter(isLeft) ?? []
}

/** Nodes stay, without what a learner did to them: cordons, taints and labels of their own. */
async function clearNodes(watch: ClusterWatch): Promise<void> {
  const nodes = watch.client.of(Node)
  for (const node of (await nodes.list()).items) {
    const labels = Object.keys(node.metadata?.labels ?? {}).filter(
      (key) => !OWN_LABELS_OF_NODES.test(key) && !key.startsWith('podium'),
    )
    const taints = (node.spec?.taints ?? []).filter(
      ({ key }) => key.startsWith('node.kubernetes.io/') && key !== 'node.kubernetes.io/unschedulable',
    )
    const touched = labels.length > 0 || node.spec?.unschedulable || taints.length !== (node.spec?.taints ?? []).length
    if (!touched) continue
    await nodes.patch({ name: node.metadata?.name ?? '' }, 'application/merge-patch+json', {
      metadata: { labels: Object.fromEntries(labels.map((key) => [key, null])) },
      spec: { unschedulable: null, taints: taints.length > 0 ? taints : null },
    })
  }
}
