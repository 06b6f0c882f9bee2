// Keeps as many pods as a ReplicaSet, or a ReplicationController, asks for. The pattern that other loops here follow.
// Upstream: kubernetes/pkg/controller/replicaset/replica_set.go.

import type { ReplicaSet as AppsReplicaSet } from 'kubernetes-types/apps/v1'
import type { Pod as CorePod } from 'kubernetes-types/core/v1'
import { isoTime } from '../../../base/clock.ts'
import { formatSelector, type Selector } from '../../apimachinery/label-selector.ts'
import { controllerOf, keyOf } from '../../apimachinery/object-meta.ts'
import { isNotFound } from '../../apimachinery/status-error.ts'
import type { ClusterView } from '../../client/controller-builder.ts'
import { Expectations } from '../../client/expectations.ts'
import type { IndexedCache } from '../../client/indexed-cache.ts'
import type { ReconcileContext, Reconciler, Result } from '../../client/reconcile-context.ts'
import type { Kind } from '../../kinds/define-kind.ts'
import { Pod } from '../../kinds/pod.ts'
import { claim } from '../claim.ts'
import { createPod, deletePod, isNamespaceTerminating, messageOf } from '../pod-control.ts'
import { availableInMs, isActive, isTerminated } from '../pod-state.ts'
import { slowStart } from '../slow-start.ts'
import { leastUsefulFirst, siblingsOf } from './least-useful-first.ts'
import { nextStatus, type Observed } from './replica-set-status.ts'

/** No more than so many pods are made or deleted in one turn. */
const BURST = 500

/** Pods that no controller owns, by namespace: those that may be adopted. */
const ORPHANS = 'orphans'

/** The kind whose objects are looked after. ReplicationControllers have another selector, and tell less. */
export interface Flavour {
  kind: Kind<AppsReplicaSet>
  tellsTerminating: boolean
  selectorOf(object: AppsReplicaSet): Selector
}

export class ReplicaSetReconciler implements Reconciler {
  readonly #view: ClusterView
  readonly #flavour: Flavour
  readonly #replicaSets: IndexedCache<AppsReplicaSet>
  readonly #pods: IndexedCache<CorePod>
  readonly #expectations: Expectations

  constructor(view: ClusterView, flavour: Flavour) {
    this.#view = view
    this.#flavour = flavour
    this.#replicaSets = view.cache(flavour.kind)
    this.#pods = view.cache(Pod)
    this.#pods.addIndex(
      ORPHANS,
      (pod) => (controllerOf(pod) ? [] : [pod.metadata?.namespace ?? '']),
      ({ metadata }) => metadata?.ownerReferences,
    )
    this.#expectations = new Expectations(view.clock)
    view.onChange(Pod, (change) => this.#expectations.heard(change, flavour.kind.kind))
    view.onChange(flavour.kind, ({ type, object }) => {
      // It may be made again under the same name, and what was expected of the old one will never come.
      if (type === 'deleted') this.#expectations.forget(keyOf(object))
    })
  }

  async reconcile(context: ReconcileContext): Promise<Result> {
    const { key, report } = context
    const replicaSet = this.#replicaSets.get(key)
    if (!replicaSet) {
      this.#expectations.forget(key)
      return // deleted; the garbage collector sees to its pods
    }
    // Asked before the pods are counted: news that comes in between would make the count too old.
    const waitMs = this.#expectations.waitMs(key)
    const mayAct = waitMs === 0 && !replicaSet.metadata?.deletionTimestamp
    const owned = await this.#claimPods(context, replicaSet)
    const active = owned.filter(isActive)
    const terminating = owned.filter((pod) => pod.metadata?.deletionTimestamp && !isTerminated(pod)).length
    const wanted = replicaSet.spec?.replicas ?? 1
    report.sees(replicaSet, ...active)
    report.wanted = `${wanted} ${wanted === 1 ? 'Pod' : 'Pods'} with ${labelsInWords(this.#flavour.selectorOf(replicaSet))}`
    report.seen = `${active.length} active${terminating > 0 ? `, ${terminating} terminating` : ''}`

    const outcome = mayAct ? await this.#manage(context, replicaSet, active, wanted) : {}
    const now = this.#view.clock.now()
    await this.#writeStatus(context, {
      replicaSet,
      active,
      terminating: this.#flavour.tellsTerminating ? terminating : undefined,
      now,
      at: isoTime(this.#view.clock),
      failure: outcome.failure,
    })
    if (outcome.error) throw outcome.error

    // A pod becomes available by time alone, and time wakes nobody.
    const waits = active.map((pod) => availableInMs(pod, replicaSet.spec?.minReadySeconds ?? 0, now))
    const soonest = Math.min(...[waitMs, ...waits].filter((wait) => wait > 0 && wait < Number.POSITIVE_INFINITY))
    return soonest < Number.POSITIVE_INFINITY ? { requeueAfterMs: soonest } : undefined
  }

  #claimPods(context: ReconcileContext, replicaSet: AppsReplicaSet): Promise<CorePod[]> {
    const { uid, namespace = '' } = replicaSet.metadata ?? {}
    return claim({
      context,
      ownerKind: this.#flavour.kind,
      owner: replicaSet,
      selector: this.#flavour.selectorOf(replicaSet),
      kind: Pod,
      candidates: [
        ...this.#pods.controlledBy(uid),
        ...this.#pods.byIndex(ORPHANS, namespace).filter((pod) => !isTerminated(pod)),
      ],
    })
  }

  async #manage(
    context: ReconcileContext,
    replicaSet: AppsReplicaSet,
    active: readonly CorePod[],
    wanted: number,
  ): Promise<{ failure?: Observed['failure']; error?: unknown }> {
    const missing = wanted - active.length
    if (missing === 0) return {}
    const error =
      missing > 0
        ? await this.#createPods(context, replicaSet, Math.min(missing, BURST))
        : await this.#deletePods(context, replicaSet, active, Math.min(-missing, BURST))
    if (error === undefined) return {}
    const reason = missing > 0 ? 'FailedCreate' : 'FailedDelete'
    return { error, failure: { reason, message: messageOf(error) } }
  }

  async #createPods(context: ReconcileContext, replicaSet: AppsReplicaSet, count: number): Promise<unknown> {
    const { key, report } = context
    this.#expectations.expectCreations(key, count)
    const template = replicaSet.spec?.template ?? {}
    const { succeeded, failed, skipped, error } = await slowStart(count, async () => {
      try {
        await createPod(context, this.#flavour.kind, replicaSet, template)
      } catch (err) {
        if (!isNamespaceTerminating(err)) throw err
        // The pods will never be, and trying again is of no use: the ReplicaSet itself is about to go.
        this.#expectations.creationObserved(key)
      }
    })
    // What was not made will not be heard of.
    this.#expectations.creationObserved(key, failed + skipped)
    if (succeeded > 0) report.did.push(`created ${podsInWords(succeeded)}`)
    return error
  }

  async #deletePods(
    context: ReconcileContext,
    replicaSet: AppsReplicaSet,
    active: readonly CorePod[],
    count: number,
  ): Promise<unknown> {
    const { key, report } = context
    const related = this.#relatedPods(replicaSet)
    const victims = leastUsefulFirst(active, related, this.#view.clock.now()).slice(0, count)
    this.#expectations.expectDeletions(
      key,
      victims.map((pod) => pod.metadata?.uid ?? ''),
    )
    const results = await Promise.allSettled(
      victims.map(async (pod) => {
        try {
          await deletePod(context, this.#flavour.kind, replicaSet, pod)
        } catch (err) {
          this.#expectations.deletionObserved(key, pod.metadata?.uid ?? '')
          if (!isNotFound(err)) throw err
        }
      }),
    )
    const failures = results.filter((result) => result.status === 'rejected')
    if (failures.length < count) report.did.push(`deleted ${podsInWords(count - failures.length)}`)
    return failures[0]?.reason
  }

  /** Active pods of all ReplicaSets of the same Deployment: old and new ones double up on nodes during a rollout. */
  #relatedPods(replicaSet: AppsReplicaSet): CorePod[] {
    const siblings = siblingsOf(replicaSet, (uid) => this.#replicaSets.controlledBy(uid))
    return siblings.flatMap((sibling) => this.#pods.controlledBy(sibling.metadata?.uid)).filter(isActive)
  }

  async #writeStatus({ client, report }: ReconcileContext, observed: Observed): Promise<void> {
    const status = nextStatus(observed)
    if (!status) return
    await client.of(this.#flavour.kind).updateStatus({ ...observed.replicaSet, status })
    report.did.push(`status: replicas ${status.replicas}, ready ${status.readyReplicas}`)
  }
}

const podsInWords = (count: number) => `${count} ${count === 1 ? 'Pod' : 'Pods'}`

const labelsInWords = (selector: Selector) =>
  formatSelector(selector).replace(/,?pod-template-hash=\w+/, '') || 'the selector'
