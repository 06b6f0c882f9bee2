// Empties a namespace that has been deleted, pods first, and lets it go when nothing is left in it.
// Upstream: kubernetes/pkg/controller/namespace/deletion/namespaced_resources_deleter.go.

import type { Namespace as CoreNamespace, Pod as CorePod, NamespaceCondition } from 'kubernetes-types/core/v1'
import { isoTime } from '../../../base/clock.ts'
import type { KubeList, KubeObject } from '../../apimachinery/object-meta.ts'
import { isNotFound } from '../../apimachinery/status-error.ts'
import { collectionPath, objectPath } from '../../client/client.ts'
import type { ClusterView } from '../../client/controller-builder.ts'
import type { Lister } from '../../client/indexed-cache.ts'
import type { ReconcileContext, Reconciler, Result } from '../../client/reconcile-context.ts'
import { CustomResourceDefinition } from '../../kinds/custom-resource-definition.ts'
import type { AnyKind } from '../../kinds/define-kind.ts'
import { Namespace } from '../../kinds/namespace.ts'
import { Pod } from '../../kinds/pod.ts'
import { customKinds } from '../custom-kinds.ts'
import { isTerminated } from '../pod-state.ts'
import { deletionConditions, type Leftover, sameConditions } from './deletion-conditions.ts'

const FINALIZER = 'kubernetes'
/** How long things with finalizers are given before the next look. */
const LOOK_AGAIN_MS = 2000

interface Emptied {
  leftovers: Leftover[]
  failures: unknown[]
  /** Nothing else was looked at. */
  hasPods: boolean
}

export class NamespaceReconciler implements Reconciler {
  readonly #view: ClusterView
  readonly #namespaces: Lister<CoreNamespace>
  readonly #kinds: readonly AnyKind[]

  constructor(view: ClusterView, kinds: readonly AnyKind[]) {
    this.#view = view
    this.#namespaces = view.cache(Namespace)
    // Asked for at the start, so that it is full before the first namespace goes.
    view.cache(CustomResourceDefinition)
    this.#kinds = kinds.filter(({ namespaced }) => namespaced)
  }

  async reconcile(context: ReconcileContext): Promise<Result> {
    const { key, report, client } = context
    let namespace = this.#namespaces.get(key)
    if (!namespace?.metadata?.deletionTimestamp) return
    report.sees(namespace)
    report.wanted = 'nothing left in it'
    if (namespace.status?.phase !== 'Terminating') {
      namespace = await client
        .of(Namespace)
        .updateStatus({ ...namespace, status: { ...namespace.status, phase: 'Terminating' } })
    }
    const finalizers = namespace.spec?.finalizers ?? []
    if (!finalizers.includes(FINALIZER)) return
    const deletedAt = Date.parse(namespace.metadata?.deletionTimestamp ?? '')
    const { leftovers, failures, hasPods } = await this.#empty(context, deletedAt)
    report.seen = leftovers.map(({ kind, items }) => `${items.length} ${kind.plural}`).join(', ') || 'nothing'
    // While there are pods, upstream has not counted what is left yet, and tells of nothing.
    namespace = await this.#tellConditions(context, namespace, { leftovers: hasPods ? [] : leftovers, failures })
    if (failures.length > 0) throw failures[0]
    if (leftovers.length > 0) return { requeueAfterMs: LOOK_AGAIN_MS }
    await this.#finalize(context, namespace)
  }

  async #empty(context: ReconcileContext, deletedAt: number): Promise<Emptied> {
    const leftovers: Leftover[] = []
    const failures: unknown[] = []
    const empty = async (kind: AnyKind) => {
      try {
        const { before, items } = await this.#deleteAll(context, kind)
        if (items.length === 0) return
        leftovers.push({ kind, items })
        const isHeld = items.some(({ metadata }) => metadata?.finalizers?.length)
        const isInTime = this.#view.clock.now() - deletedAt < graceMs(kind, before)
        if (!isHeld && !isInTime) failures.push(new Error(unexpected(context.key, kind)))
      } catch (err) {
        // One kind's trouble must not keep the others from being deleted.
        failures.push(err)
      }
    }
    // Pods first, while the Secrets, policies and accounts that they live by are still there.
    await empty(Pod)
    if (leftovers.length > 0) return { leftovers, failures, hasPods: true }
    const custom = customKinds(this.#view).filter(({ namespaced }) => namespaced)
    for (const kind of [...this.#kinds, ...custom]) {
      if (kind.kind !== Pod.kind || kind.group !== Pod.group) await empty(kind)
    }
    return { leftovers, failures, hasPods: false }
  }

  /** What was there, and what is left of it. */
  async #deleteAll(
    { key, client, report }: ReconcileContext,
    kind: AnyKind,
  ): Promise<{ before: KubeObject[]; items: KubeObject[] }> {
    const path = collectionPath(kind, key)
    const list = async () => ((await client.transport.request({ method: 'GET', path })) as KubeList<KubeObject>).items
    const before = await list()
    if (before.every(({ metadata }) => metadata?.deletionTimestamp)) return { before, items: before }
    await client.transport.request({
      method: 'DELETE',
      path,
      body: { apiVersion: 'v1', kind: 'DeleteOptions', propagationPolicy: 'Background' },
    })
    const items = await list()
    report.did.push(`deleted ${before.length} ${kind.plural}`)
    return { before, items }
  }

  async #tellConditions(
    { client }: ReconcileContext,
    namespace: CoreNamespace,
    outcome: { leftovers: readonly Leftover[]; failures: readonly unknown[] },
  ): Promise<CoreNamespace> {
    const at = isoTime(this.#view.clock)
    const conditions: NamespaceCondition[] = deletionConditions(namespace.status?.conditions ?? [], { ...outcome, at })
    if (sameConditions(conditions, namespace.status?.conditions ?? [])) return namespace
    return client.of(Namespace).updateStatus({ ...namespace, status: { ...namespace.status, conditions } })
  }

  async #finalize({ client, key, report }: ReconcileContext, namespace: CoreNamespace): Promise<void> {
    const finalizers = (namespace.spec?.finalizers ?? []).filter((finalizer) => finalizer !== FINALIZER)
    try {
      await client.transport.request({
        method: 'PUT',
        path: objectPath(Namespace, { name: key }, 'finalize'),
        body: { ...namespace, apiVersion: 'v1', kind: 'Namespace', spec: { ...namespace.spec, finalizers } },
      })
      report.did.push('let it go')
    } catch (err) {
      if (!isNotFound(err)) throw err
    }
  }
}

/** How long pods may take to go, after the namespace was deleted. */
function graceMs(kind: AnyKind, objects: readonly KubeObject[]): number {
  if (kind !== Pod) return 0
  const running = (objects as CorePod[]).filter((pod) => !isTerminated(pod))
  return 1000 * Math.max(0, ...running.map(({ spec }) => Number(spec?.terminationGracePeriodSeconds ?? 0)))
}

const unexpected = (namespace: string, { group, version, plural }: AnyKind) =>
  `unexpected items still remain in namespace: ${namespace} for gvr: ${group}/${version}, Resource=${plural}`
