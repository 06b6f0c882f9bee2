import type { Node as CoreNode, Pod as CorePod, Taint } from 'kubernetes-types/core/v1'
import { isoTime } from '../../../base/clock.ts'
import { deepEqual } from '../../apimachinery/deep.ts'
import { keyOf } from '../../apimachinery/object-meta.ts'
import { type ClusterView, controller } from '../../client/controller-builder.ts'
import type { IndexedCache, Lister } from '../../client/indexed-cache.ts'
import type { ReconcileContext, Reconciler, Result } from '../../client/reconcile-context.ts'
import { Node } from '../../kinds/node.ts'
import { Pod } from '../../kinds/pod.ts'
import { driveOff } from '../disrupt-pod.ts'
import { type CountDrivenOff, countingDrivenOff } from '../driven-off.ts'
import { indexByNode, podsOn } from '../pods-by-node.ts'
import { tolerationTimeMs } from './toleration-time.ts'

/**
 * Drives pods off nodes with NoExecute taints, each when its tolerations have run out.
 * Upstream: kubernetes/pkg/controller/tainteviction.
 */
class TaintEvictionReconciler implements Reconciler {
  readonly #view: ClusterView
  readonly #nodes: Lister<CoreNode>
  readonly #pods: IndexedCache<CorePod>
  /** When a pod goes. Other taints or tolerations change it only when with them it goes at once, or never. */
  readonly #due = new Map<string, { uid: string; at: number }>()
  readonly #count: CountDrivenOff

  constructor(view: ClusterView) {
    this.#view = view
    this.#nodes = view.cache(Node)
    this.#pods = view.cache(Pod)
    indexByNode(this.#pods)
    this.#count = countingDrivenOff(view.metrics, {
      subsystem: 'taint_eviction_controller',
      name: 'TaintEvictionController',
      what: 'taint',
      whose: 'for the Pod and its',
    })
  }

  async reconcile(context: ReconcileContext): Promise<Result> {
    const { key, report } = context
    const pod = this.#pods.get(key)
    const node = this.#nodes.get(pod?.spec?.nodeName ?? '')
    const taints = (node?.spec?.taints ?? []).filter(({ effect }) => effect === 'NoExecute')
    if (!pod || pod.metadata?.deletionTimestamp || taints.length === 0) return this.#forgive(context, pod)
    report.sees(pod, node)
    const toleratedMs = tolerationTimeMs(taints, pod.spec?.tolerations ?? [])
    report.wanted = 'off a node whose taints it does not tolerate'
    report.seen = `on ${pod.spec?.nodeName}, which it tolerates for ${toleratedMs === Number.POSITIVE_INFINITY ? 'ever' : `${toleratedMs / 1000} s`}`
    if (toleratedMs === Number.POSITIVE_INFINITY) return this.#forgive(context, pod)
    const leftMs = toleratedMs > 0 ? this.#dueAt(key, pod, taints, toleratedMs) - this.#view.clock.now() : 0
    if (leftMs > 0) return { requeueAfterMs: leftMs }
    this.#due.delete(key)
    context.event(Pod, pod, 'Normal', 'TaintManagerEviction', `Marking for deletion Pod ${key}`)
    const isDrivenOff = await driveOff(context, pod, {
      at: isoTime(this.#view.clock),
      reason: 'DeletionByTaintManager',
      message: 'Taint manager: deleting due to NoExecute taint',
    })
    if (isDrivenOff) this.#count(-leftMs)
  }

  /** When it is tainted again, its time begins anew. */
  #forgive(context: ReconcileContext, pod: CorePod | undefined): void {
    const wasCounted = this.#due.delete(context.key)
    if (!wasCounted || !pod || pod.metadata?.deletionTimestamp) return
    context.event(Pod, pod, 'Normal', 'TaintManagerEviction', `Cancelling deletion of Pod ${context.key}`)
  }

  /** The taint's own time outlives a restart of this loop. */
  #dueAt(key: string, pod: CorePod, taints: readonly Taint[], toleratedMs: number): number {
    const uid = pod.metadata?.uid ?? ''
    let known = this.#due.get(key)
    if (known?.uid !== uid) {
      const added = taints.map(({ timeAdded }) => Date.parse(timeAdded ?? '')).filter((time) => time > 0)
      const placed = Date.parse(pod.status?.startTime ?? '') || 0
      const since = added.length > 0 ? Math.max(...added, placed) : this.#view.clock.now()
      known = { uid, at: since + toleratedMs }
      this.#due.set(key, known)
    }
    return known.at
  }
}

const drivesOff = (node: CoreNode | undefined) =>
  node?.spec?.taints?.some(({ effect }) => effect === 'NoExecute') ?? false

export const taintEvictionController = controller('taint-eviction')
  .actsAs('node-controller')
  // Pods change all the time, and matter here only on nodes that drive them off.
  .watches(Pod, ({ object }, view) => {
    const node = object.spec?.nodeName ? view.cache(Node).get(object.spec.nodeName) : undefined
    return drivesOff(node) ? [keyOf(object)] : []
  })
  .watches(Node, (change, view) => {
    const { object } = change
    const before = change.type === 'updated' ? change.previous : undefined
    if (before && deepEqual(object.spec?.taints, before.spec?.taints)) return []
    if (!drivesOff(object) && !drivesOff(before)) return []
    return podsOn(view.cache(Pod), object.metadata?.name ?? '').map(keyOf)
  })
  .concurrency(8)
  .reconcileWith((view) => new TaintEvictionReconciler(view))
