import type { Node as CoreNode, Pod as CorePod } from 'kubernetes-types/core/v1'
import { isoTime } from '../../../base/clock.ts'
import type { Counter } from '../../../base/metrics.ts'
import { keyOf } from '../../apimachinery/object-meta.ts'
import { isNotFound } from '../../apimachinery/status-error.ts'
import type { Client } from '../../client/client.ts'
import { type ClusterView, controller, type Enqueue } from '../../client/controller-builder.ts'
import type { Lister } from '../../client/indexed-cache.ts'
import type { ReconcileContext, Reconciler, Result } from '../../client/reconcile-context.ts'
import { Node } from '../../kinds/node.ts'
import { Pod } from '../../kinds/pod.ts'
import { observed } from '../../kinds/pod-template/observed.ts'
import { conditionOf } from '../conditions.ts'
import { disruptPod } from '../disrupt-pod.ts'
import { isTerminated } from '../pod-state.ts'

/** While nodes are missing. */
const PERIOD_MS = 20_000
/** A node that is missing may only be late. */
const QUARANTINE_MS = 40_000

interface Why {
  reason: string
  message: string
}

/** What is counted. */
type Sort = 'terminated' | 'orphaned' | 'unscheduled' | 'out-of-service'

type Remove = (pod: CorePod, sort: Sort, why?: Why) => Promise<void>

/**
 * Removes pods that nobody else can: those of nodes that are gone, those deleted before they had a node, and the
 * oldest of too many finished ones. Upstream: kubernetes/pkg/controller/podgc.
 */
class PodGarbageCollector implements Reconciler {
  readonly #view: ClusterView
  readonly #pods: Lister<CorePod>
  readonly #nodes: Lister<CoreNode>
  readonly #threshold: number
  readonly #missingSince = new Map<string, number>()
  readonly #finished = new Set<string>()
  readonly #tries: Counter
  readonly #errors: Counter

  constructor(view: ClusterView, enqueue: Enqueue, threshold: number) {
    this.#view = view
    view.onChange(Pod, ({ type, object }) => {
      if (type === 'deleted' || !isTerminated(object)) this.#finished.delete(keyOf(object))
      else if (threshold > 0 && this.#finished.add(keyOf(object)).size > threshold) enqueue(ALL, object)
    })
    this.#pods = view.cache(Pod)
    this.#nodes = view.cache(Node)
    this.#threshold = threshold
    this.#tries = view.metrics.counter(
      'pod_gc_collector_force_delete_pods_total',
      'Number of pods that are being forcefully deleted since the Pod GC Controller started.',
    )
    this.#errors = view.metrics.counter(
      'pod_gc_collector_force_delete_pod_errors_total',
      'Number of errors encountered when forcefully deleting the pods since the Pod GC Controller started.',
    )
  }

  async reconcile(context: ReconcileContext): Promise<Result> {
    const pods = this.#pods.list()
    context.report.wanted = 'no pods that nobody looks after'
    context.report.seen = `${pods.length} pods`
    // One that may not be removed keeps no other from going.
    const failures: unknown[] = []
    const remove: Remove = async (pod, reason, why) => {
      const labels = { namespace: pod.metadata?.namespace ?? '', reason }
      this.#tries.add(labels)
      await this.#remove(context, pod, why).catch((err) => {
        this.#errors.add(labels)
        failures.push(err)
      })
    }
    await this.#collectFinished(remove, pods)
    await this.#collectOrphaned(context, remove, pods)
    for (const pod of pods) {
      if (pod.metadata?.deletionTimestamp && !pod.spec?.nodeName) await remove(pod, 'unscheduled')
      else if (this.#isOutOfService(pod)) await remove(pod, 'out-of-service')
    }
    if (failures.length > 0) throw failures[0]
    return this.#missingSince.size > 0 ? { requeueAfterMs: PERIOD_MS } : undefined
  }

  async #collectFinished(remove: Remove, pods: readonly CorePod[]): Promise<void> {
    if (this.#threshold <= 0) return
    const finished = pods.filter((pod) => isTerminated(pod) && !pod.metadata?.deletionTimestamp)
    const surplus = finished.length - this.#threshold
    if (surplus <= 0) return
    for (const pod of finished.sort(evictedThenOldest).slice(0, surplus)) await remove(pod, 'terminated')
  }

  async #collectOrphaned(context: ReconcileContext, remove: Remove, pods: readonly CorePod[]): Promise<void> {
    const now = this.#view.clock.monotonic()
    const missing = new Set(
      pods.map(({ spec }) => spec?.nodeName ?? '').filter((name) => name && !this.#nodes.get(name)),
    )
    for (const name of this.#missingSince.keys()) if (!missing.has(name)) this.#missingSince.delete(name)
    for (const name of missing) {
      const since = this.#missingSince.get(name) ?? now
      this.#missingSince.set(name, since)
      if (now - since < QUARANTINE_MS || (await nodeExists(context, name))) continue
      for (const pod of pods.filter(({ spec }) => spec?.nodeName === name)) {
        context.report.sees(pod)
        await remove(pod, 'orphaned', { reason: 'DeletionByPodGC', message: 'PodGC: node no longer exists' })
      }
    }
  }

  #isOutOfService({ metadata, spec }: CorePod): boolean {
    return metadata?.deletionTimestamp !== undefined && isOut(this.#nodes.get(spec?.nodeName ?? ''))
  }

  async #remove({ client, report }: ReconcileContext, pod: CorePod, why?: Why): Promise<void> {
    const { namespace = '', name = '', uid } = pod.metadata ?? {}
    try {
      // One that somebody holds by a finalizer stays, and nobody else would ever say that it has ended.
      if (!isTerminated(pod)) {
        if (why) await disruptPod(client, pod, { ...why, at: isoTime(this.#view.clock), phase: 'Failed' })
        else await markFailed(client, pod)
      }
      await client.of(Pod).delete({ namespace, name }, { gracePeriodSeconds: 0, ...(uid ? { uid } : {}) })
      report.did.push(`removed ${keyOf(pod)}`)
    } catch (err) {
      if (!isNotFound(err)) throw err
    }
  }
}

async function markFailed(client: Client, pod: CorePod): Promise<void> {
  const { namespace = '', name = '', uid } = pod.metadata ?? {}
  const patch = { metadata: { uid }, status: { phase: 'Failed', ...observed(pod) } }
  const type = 'application/strategic-merge-patch+json'
  await client.of(Pod).patch({ namespace, name }, type, patch, { subresource: 'status' })
}

/** Evicted ones first, of whom whoever made them has made others already. */
function evictedThenOldest(a: CorePod, b: CorePod): number {
  const isEvicted = ({ status }: CorePod) => status?.phase === 'Failed' && status.reason === 'Evicted'
  const place = ({ metadata }: CorePod) => `${metadata?.creationTimestamp} ${metadata?.name}`
  return Number(isEvicted(b)) - Number(isEvicted(a)) || (place(a) < place(b) ? -1 : 1)
}

async function nodeExists({ client }: ReconcileContext, name: string): Promise<boolean> {
  try {
    await client.of(Node).get({ name })
    return true
  } catch (err) {
    if (isNotFound(err)) return false
    throw err
  }
}

/** The admin has sworn that the machine is off, so its pods cannot still be running. */
function isOut(node: CoreNode | undefined): boolean {
  if (!node || conditionOf(node.status?.conditions, 'Ready')?.status === 'True') return false
  return (node.spec?.taints ?? []).some(({ key }) => key === 'node.kubernetes.io/out-of-service')
}

/** Whether a pod may be for us. */
function concerns({ metadata, spec }: CorePod, view: ClusterView): boolean {
  if (!spec?.nodeName) return metadata?.deletionTimestamp !== undefined
  const node = view.cache(Node).get(spec.nodeName)
  return !node || (metadata?.deletionTimestamp !== undefined && isOut(node))
}

const ALL = 'all pods'

export const podGarbageCollector = (threshold: number) =>
  controller('pod-garbage-collector')
    .actsAs('pod-garbage-collector')
    .startsWith(ALL)
    .watches(Pod, ({ type, object }, view) => (type !== 'deleted' && concerns(object, view) ? [ALL] : []))
    .watches(Node, ({ type, object }) => (type === 'deleted' || isOut(object) ? [ALL] : []))
    .concurrency(1)
    .reconcileWith((view, enqueue) => new PodGarbageCollector(view, enqueue, threshold))
