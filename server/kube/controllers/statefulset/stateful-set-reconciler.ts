// Keeps pods with names of their own, in order. Upstream: kubernetes/pkg/controller/statefulset.

import type { StatefulSet as AppsStatefulSet, ControllerRevision as Revision } from 'kubernetes-types/apps/v1'
import type { PersistentVolumeClaim as Claim, Pod as CorePod } from 'kubernetes-types/core/v1'
import { deepEqual } from '../../apimachinery/deep.ts'
import { selectorOfObject } from '../../apimachinery/label-selector.ts'
import { controllerOf, revisionOf } from '../../apimachinery/object-meta.ts'
import { isAlreadyExists, isNotFound } from '../../apimachinery/status-error.ts'
import type { ClusterView } from '../../client/controller-builder.ts'
import type { IndexedCache, Lister } from '../../client/indexed-cache.ts'
import type { ReconcileContext, Reconciler, Result } from '../../client/reconcile-context.ts'
import { ControllerRevision } from '../../kinds/controller-revision.ts'
import { PersistentVolumeClaim } from '../../kinds/persistent-volume-claim.ts'
import { Pod } from '../../kinds/pod.ts'
import { StatefulSet } from '../../kinds/stateful-set.ts'
import { claim } from '../claim.ts'
import { OwnWrites } from '../own-writes.ts'
import { isNamespaceTerminating, messageOf } from '../pod-control.ts'
import { availableInMs } from '../pod-state.ts'
import { currentRevision, ownRevisions, pruneRevisions, REVISION_HASH, templateIn } from '../revision-history.ts'
import { isStale, settleClaims } from './claim-retention.ts'
import { claimName, claimsFor, identityLabels, ordinalOf, podFor } from './identity.ts'
import { planPods, revisionFor } from './plan-pods.ts'
import { nextStatus } from './set-status.ts'

export class StatefulSetReconciler implements Reconciler {
  readonly #view: ClusterView
  readonly #sets: Lister<AppsStatefulSet>
  readonly #pods: IndexedCache<CorePod>
  readonly #revisions: IndexedCache<Revision>
  readonly #claims: Lister<Claim>
  /** Names are fixed, so nothing is made twice; but an old cache would have pods deleted twice in a row. */
  readonly #own: OwnWrites<CorePod>
  readonly #written = new Map<string, number>()

  constructor(view: ClusterView) {
    this.#view = view
    this.#sets = view.cache(StatefulSet)
    this.#pods = view.cache(Pod)
    this.#revisions = view.cache(ControllerRevision)
    this.#claims = view.cache(PersistentVolumeClaim)
    this.#own = new OwnWrites(this.#pods, view.clock)
    view.onChange(Pod, ({ type, object }) => {
      const owner = controllerOf(object)
      if (type === 'deleted' && owner?.kind === 'StatefulSet')
        this.#own.gone(`${object.metadata?.namespace}/${owner.name}`, object)
    })
  }

  async reconcile(context: ReconcileContext): Promise<Result> {
    const { key, report } = context
    const set = this.#sets.get(key)
    if (!set) {
      this.#written.delete(key)
      return this.#own.forget(key)
    }
    if (revisionOf(set) < (this.#written.get(key) ?? 0)) return
    const unheardMs = this.#own.waitMs(key)
    const pods = (await this.#claimPods(context, set)).filter((pod) => ordinalOf(set, pod) !== undefined)
    if (set.metadata?.deletionTimestamp) return this.#tellWhatIsLeft(context, set, pods)
    const revisions = await ownRevisions(context, { kind: StatefulSet, owner: set, cache: this.#revisions })
    const template = set.spec?.template ?? {}
    const newest = await currentRevision(context, { kind: StatefulSet, owner: set, template, revisions })
    const update = newest.metadata?.name ?? ''
    const kept = revisions.find(({ metadata }) => metadata?.name === set.status?.currentRevision)
    const current = kept?.metadata?.name ?? update
    const now = this.#view.clock.now()
    const currentReplicas = nextStatus(set, pods, { current, update, now }).currentReplicas ?? 0
    const plan = planPods(set, pods, { update, now })
    report.sees(set, ...pods)
    report.wanted = `${set.spec?.replicas ?? 1} Pods by name`
    report.seen = `${pods.length} Pods${plan.waitsFor && `, waiting for ${plan.waitsFor}`}`
    let error: unknown
    if (unheardMs === 0) {
      try {
        // Before a pod goes: when it is gone, nobody would know whose its disks were.
        await settleClaims(context, set, { claimNamed: (name) => this.#claimNamed(set, name), pods })
        for (const ordinal of plan.create) {
          const revision = revisionFor(set, ordinal, { current, update, currentReplicas })
          const made = revision === update ? template : (templateIn(kept!) ?? template)
          await this.#create(context, set, ordinal, { name: revision, template: made })
        }
        for (const pod of plan.remove) await this.#delete(context, set, pod)
        for (const pod of plan.rename) await this.#rename(context, set, pod)
        await this.#renewClaims(context, set, pods)
      } catch (err) {
        error = err
      }
    }
    const inUse = new Set([current, update, ...pods.map(({ metadata }) => metadata?.labels?.[REVISION_HASH] ?? '')])
    await pruneRevisions(context, { revisions, inUse, limit: set.spec?.revisionHistoryLimit ?? 10, nameOf: byName })
    await this.#writeStatus(context, set, pods, { current, update, now })
    if (error !== undefined && !isNamespaceTerminating(error)) throw error
    const waits = [unheardMs, ...pods.map((pod) => availableInMs(pod, set.spec?.minReadySeconds ?? 0, now))]
    const soonest = Math.min(...waits.filter((wait) => wait > 0))
    return soonest < Number.POSITIVE_INFINITY ? { requeueAfterMs: soonest } : undefined
  }

  /** Of one that goes only after its pods. */
  #tellWhatIsLeft(context: ReconcileContext, set: AppsStatefulSet, pods: readonly CorePod[]): Promise<void> {
    const { currentRevision: current = '', updateRevision: update = '' } = set.status ?? {}
    return this.#writeStatus(context, set, pods, { current, update, now: this.#view.clock.now() })
  }

  #claimPods(context: ReconcileContext, set: AppsStatefulSet): Promise<CorePod[]> {
    const { uid, namespace = '' } = set.metadata ?? {}
    const orphans = this.#pods
      .inNamespace(namespace)
      .filter((pod) => !controllerOf(pod) && ordinalOf(set, pod) !== undefined)
    return claim({
      context,
      ownerKind: StatefulSet,
      owner: set,
      selector: selectorOfObject(set.spec?.selector),
      kind: Pod,
      candidates: [...this.#pods.controlledBy(uid), ...orphans],
    })
  }

  async #create(
    context: ReconcileContext,
    set: AppsStatefulSet,
    ordinal: number,
    revision: { name: string; template: NonNullable<AppsStatefulSet['spec']>['template'] },
  ): Promise<void> {
    const pod = podFor(set, ordinal, revision)
    const { name = '' } = pod.metadata ?? {}
    const told = `${name} in StatefulSet ${set.metadata?.name}`
    const disks = (set.spec?.volumeClaimTemplates ?? []).map(({ metadata }) =>
      this.#claimNamed(set, claimName(set, metadata?.name ?? '', ordinal)),
    )
    if (disks.some((held) => isStale(set, held, name))) return
    try {
      await this.#createClaims(context, set, ordinal, name)
      this.#own.wrote(context.key, await context.client.of(Pod).create(pod))
      context.event(StatefulSet, set, 'Normal', 'SuccessfulCreate', `Create Pod ${told} successful`)
      context.report.did.push(`created ${name}`)
    } catch (err) {
      // One that is not ours stands in the way, or ours that has not been heard of.
      if (isAlreadyExists(err)) return
      if (!isNamespaceTerminating(err)) {
        context.event(StatefulSet, set, 'Warning', 'FailedCreate', `Create Pod ${told} failed error: ${messageOf(err)}`)
      }
      throw err
    }
  }

  /** A pod cannot begin without its disks; somebody may have deleted one. */
  async #renewClaims(context: ReconcileContext, set: AppsStatefulSet, pods: readonly CorePod[]): Promise<void> {
    for (const pod of pods.filter(
      ({ status, metadata }) => status?.phase === 'Pending' && !metadata?.deletionTimestamp,
    )) {
      await this.#createClaims(context, set, ordinalOf(set, pod) ?? 0, pod.metadata?.name ?? '')
    }
  }

  #claimNamed(set: AppsStatefulSet, name: string): Claim | undefined {
    return this.#claims.get(`${set.metadata?.namespace}/${name}`)
  }

  async #createClaims(context: ReconcileContext, set: AppsStatefulSet, ordinal: number, pod: string): Promise<void> {
    for (const wanted of claimsFor(set, ordinal)) {
      const { name = '' } = wanted.metadata ?? {}
      const held = this.#claimNamed(set, name)
      if (held?.metadata?.deletionTimestamp) throw new Error(`pvc ${name} is being deleted`)
      if (!held) await this.#createClaim(context, set, wanted, pod)
    }
  }

  async #createClaim(context: ReconcileContext, set: AppsStatefulSet, wanted: Claim, pod: string): Promise<void> {
    const { name } = wanted.metadata ?? {}
    const of = `Pod ${pod} in StatefulSet ${set.metadata?.name}`
    try {
      await context.client.of(PersistentVolumeClaim).create(wanted)
      context.event(StatefulSet, set, 'Normal', 'SuccessfulCreate', `Create Claim ${name} ${of} success`)
    } catch (err) {
      if (isAlreadyExists(err)) return
      const why = messageOf(err)
      const told = `Create Claim ${name} for ${of} failed error: ${why}`
      context.event(StatefulSet, set, 'Warning', 'FailedCreate', told)
      throw isNamespaceTerminating(err) ? err : new Error(`failed to create PVC ${name}: ${why}`, { cause: err })
    }
  }

  async #delete(context: ReconcileContext, set: AppsStatefulSet, pod: CorePod): Promise<void> {
    const { namespace = '', name = '', uid } = pod.metadata ?? {}
    const told = `Delete Pod ${name} in StatefulSet ${set.metadata?.name}`
    try {
      await context.client.of(Pod).delete({ namespace, name }, uid ? { uid } : {})
      context.event(StatefulSet, set, 'Normal', 'SuccessfulDelete', `${told} successful`)
      context.report.did.push(`deleted ${name}`)
    } catch (err) {
      if (isNotFound(err)) return
      context.event(StatefulSet, set, 'Warning', 'FailedDelete', `${told} failed error: ${messageOf(err)}`)
      throw err
    }
  }

  async #rename(context: ReconcileContext, set: AppsStatefulSet, pod: CorePod): Promise<void> {
    const { namespace = '', name = '', uid } = pod.metadata ?? {}
    const told = `Update Pod ${name} in StatefulSet ${set.metadata?.name}`
    const patch = { metadata: { uid, labels: identityLabels(name, ordinalOf(set, pod) ?? 0) } }
    try {
      const renamed = await context.client.of(Pod).patch({ namespace, name }, 'application/merge-patch+json', patch)
      this.#own.wrote(context.key, renamed)
      context.event(StatefulSet, set, 'Normal', 'SuccessfulUpdate', `${told} successful`)
      context.report.did.push(`gave ${name} its labels back`)
    } catch (err) {
      context.event(StatefulSet, set, 'Warning', 'FailedUpdate', `${told} failed error: ${messageOf(err)}`)
      throw err
    }
  }

  async #writeStatus(
    { client, report, key }: ReconcileContext,
    set: AppsStatefulSet,
    pods: readonly CorePod[],
    told: { current: string; update: string; now: number },
  ): Promise<void> {
    const status = nextStatus(set, pods, told)
    if (deepEqual(status, set.status)) return
    const written = await client.of(StatefulSet).updateStatus({ ...set, status })
    this.#written.set(key, revisionOf(written))
    report.did.push(`status: ${status.readyReplicas ?? 0} of ${status.replicas} ready`)
  }
}

const byName = ({ metadata }: Revision) => metadata?.name ?? ''
