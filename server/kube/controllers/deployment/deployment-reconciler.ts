// Moves a Deployment's pods from one version to the next by growing one ReplicaSet and shrinking the others,
// a step at a time: each step waits for what the last one caused. Nothing is remembered between turns.
// Upstream: kubernetes/pkg/controller/deployment/{deployment_controller,rolling,recreate,sync}.go.

import type { Deployment as AppsDeployment, ReplicaSet as AppsReplicaSet } from 'kubernetes-types/apps/v1'
import type { Pod as CorePod } from 'kubernetes-types/core/v1'
import { isoTime } from '../../../base/clock.ts'
import { deepEqual } from '../../apimachinery/deep.ts'
import { selectorOfObject } from '../../apimachinery/label-selector.ts'
import { controllerOf } from '../../apimachinery/object-meta.ts'
import { isNotFound } from '../../apimachinery/status-error.ts'
import type { ClusterView } from '../../client/controller-builder.ts'
import type { IndexedCache } from '../../client/indexed-cache.ts'
import type { ReconcileContext, Reconciler, Result } from '../../client/reconcile-context.ts'
import { Deployment } from '../../kinds/deployment.ts'
import { Pod } from '../../kinds/pod.ts'
import { ReplicaSet } from '../../kinds/replica-set.ts'
import { claim } from '../claim.ts'
import { conditionOf, withCondition } from '../conditions.ts'
import { isTerminated } from '../pod-state.ts'
import { NewestReplicaSet } from './newest-replica-set.ts'
import { shareOut } from './proportional-scaling.ts'
import { activeOf, beyondHistory, newestOf, soleActiveOrNewest, without } from './replica-sets.ts'
import { DESIRED_REPLICAS, numberIn, sameAnnotations, sizeAnnotations } from './revision-annotations.ts'
import { boundsOf, isRolling, newestSize, type Resize, replicasOf, shrinkOld } from './rollout-bounds.ts'
import {
  countedStatus,
  deadlineInMs,
  deadlineSeconds,
  isComplete,
  progressing,
  rolloutStatus,
  type Status,
} from './rollout-status.ts'

/** One turn's view: the Deployment (with the status this turn has written so far) and its ReplicaSets. */
interface Turn {
  context: ReconcileContext
  deployment: AppsDeployment
  sets: AppsReplicaSet[]
}

export class DeploymentReconciler implements Reconciler {
  readonly #view: ClusterView
  readonly #deployments: IndexedCache<AppsDeployment>
  readonly #replicaSets: IndexedCache<AppsReplicaSet>
  readonly #pods: IndexedCache<CorePod>
  readonly #newest: NewestReplicaSet

  constructor(view: ClusterView) {
    this.#view = view
    this.#deployments = view.cache(Deployment)
    this.#replicaSets = view.cache(ReplicaSet)
    this.#pods = view.cache(Pod)
    this.#newest = new NewestReplicaSet(view.clock, this.#replicaSets)
  }

  async reconcile(context: ReconcileContext): Promise<Result> {
    const deployment = this.#deployments.get(context.key)
    if (!deployment) return
    const { selector } = deployment.spec ?? {}
    if (!selector || (!selector.matchExpressions?.length && !Object.keys(selector.matchLabels ?? {}).length)) {
      const message = 'This deployment is selecting all pods. A non-empty selector is required.'
      return context.event(Deployment, deployment, 'Warning', 'SelectingAll', message)
    }
    const sets = await claim({
      context,
      ownerKind: Deployment,
      owner: deployment,
      selector: selectorOfObject(selector),
      kind: ReplicaSet,
      candidates: this.#replicaSets.inNamespace(deployment.metadata?.namespace ?? ''),
    })
    const turn: Turn = { context, deployment, sets }
    this.#describe(turn)
    if (deployment.metadata?.deletionTimestamp) return this.#syncStatus(turn)
    await this.#notePause(turn)
    if (deployment.spec?.paused) return this.#resizeAndSync(turn, { cleanUp: true })
    if (this.#wasResized(turn)) return this.#resizeAndSync(turn, { cleanUp: false })
    return isRolling(deployment) ? this.#roll(turn) : this.#recreate(turn)
  }

  #describe({ context, deployment, sets }: Turn): void {
    const { report } = context
    const desired = replicasOf(deployment)
    const { maxSurge, maxUnavailable } = boundsOf(deployment)
    report.sees(deployment, ...sets)
    report.wanted = isRolling(deployment)
      ? `${desired} of the newest, ${desired - maxUnavailable} available, at most ${desired + maxSurge}`
      : `${desired} of the newest, never beside older ones`
    const newest = newestOf(deployment, sets)
    report.seen = activeOf(sets)
      .map(
        (set) =>
          `${set === newest ? 'newest' : 'old'} ${replicasOf(set)}/${set.status?.availableReplicas ?? 0} available`,
      )
      .join(', ')
  }

  // ── rolling update ──

  async #roll(turn: Turn): Promise<Result> {
    const newest = await this.#newest.ensure(turn, { create: true })
    if (newest) {
      const old = without(turn.sets, newest)
      const size = replicasOf(newest)
      const desired = replicasOf(turn.deployment)
      const to = size > desired ? desired : newestSize(turn.deployment, turn.sets, size)
      // One of both in a turn: the next step looks at what this one has done.
      if (to !== size) await this.#resize(turn, [{ replicaSet: newest, to }])
      else await this.#resize(turn, shrinkOld(turn.deployment, newest, old))
      await this.#cleanUpWhenComplete(turn, old)
    }
    return this.#syncRolloutStatus(turn, newest)
  }

  // ── recreate ──

  async #recreate(turn: Turn): Promise<Result> {
    let newest = await this.#newest.ensure(turn, { create: false })
    const old = without(turn.sets, newest)
    const shrink = activeOf(old).map((replicaSet) => ({ replicaSet, to: 0 }))
    if (shrink.length > 0) {
      await this.#resize(turn, shrink)
      return this.#syncRolloutStatus(turn, newest)
    }
    if (this.#oldPodsLeft(old)) return this.#syncRolloutStatus(turn, newest)
    newest ??= await this.#newest.ensure(turn, { create: true })
    if (newest && replicasOf(newest) !== replicasOf(turn.deployment)) {
      await this.#resize(turn, [{ replicaSet: newest, to: replicasOf(turn.deployment) }])
    }
    await this.#cleanUpWhenComplete(turn, old)
    return this.#syncRolloutStatus(turn, newest)
  }

  /** Terminating ones count: two versions must never run side by side. A set may know of pods that we have not heard of. */
  #oldPodsLeft(old: readonly AppsReplicaSet[]): boolean {
    const hasPods = ({ metadata }: AppsReplicaSet) =>
      this.#pods.controlledBy(metadata?.uid).some((pod) => !isTerminated(pod))
    return old.some((set) => (set.status?.replicas ?? 0) > 0 || hasPods(set))
  }

  // ── scaling and pausing ──

  #wasResized({ deployment, sets }: Turn): boolean {
    return activeOf(sets).some((set) => {
      const desired = numberIn(set.metadata?.annotations, DESIRED_REPLICAS)
      return desired !== undefined && desired !== replicasOf(deployment)
    })
  }

  async #resizeAndSync(turn: Turn, { cleanUp }: { cleanUp: boolean }): Promise<Result> {
    const newest = await this.#newest.ensure(turn, { create: false })
    const old = without(turn.sets, newest)
    await this.#scale(turn, newest, old)
    if (cleanUp) await this.#cleanUp(turn, old)
    return this.#syncStatus(turn)
  }

  async #scale(turn: Turn, newest: AppsReplicaSet | undefined, old: readonly AppsReplicaSet[]): Promise<void> {
    const desired = replicasOf(turn.deployment)
    const sole = soleActiveOrNewest(newest, old)
    if (sole) return this.#resize(turn, [{ replicaSet: sole, to: desired }])
    // The newest is as large as it should be and all of it is available: the others have nothing left to do.
    const saturated =
      newest &&
      replicasOf(newest) === desired &&
      numberIn(newest.metadata?.annotations, DESIRED_REPLICAS) === desired &&
      newest.status?.availableReplicas === desired
    if (saturated) {
      return this.#resize(
        turn,
        activeOf(old).map((replicaSet) => ({ replicaSet, to: 0 })),
      )
    }
    if (isRolling(turn.deployment)) return this.#resize(turn, shareOut(turn.deployment, activeOf(turn.sets)))
  }

  /** Says in the status that the deadline does not run while paused, and runs anew when resumed. */
  async #notePause(turn: Turn): Promise<void> {
    const { deployment, context } = turn
    if (deadlineSeconds(deployment) === undefined) return
    const condition = conditionOf(deployment.status?.conditions, 'Progressing')
    if (condition?.reason === 'ProgressDeadlineExceeded') return
    const noted = condition?.reason === 'DeploymentPaused'
    const paused = deployment.spec?.paused ?? false
    if (paused === noted) return
    const at = isoTime(this.#view.clock)
    const next = paused
      ? progressing('Unknown', 'DeploymentPaused', 'Deployment is paused', at)
      : progressing('Unknown', 'DeploymentResumed', 'Deployment is resumed', at)
    const conditions = [...withCondition(deployment.status?.conditions, next)]
    turn.deployment = await context.client
      .of(Deployment)
      .updateStatus({ ...deployment, status: { ...deployment.status, conditions } })
  }

  // ── writing ──

  async #resize(turn: Turn, sizes: readonly Resize[]): Promise<void> {
    const { deployment, context } = turn
    const desired = replicasOf(deployment)
    const annotations = sizeAnnotations(desired, desired + boundsOf(deployment).maxSurge)
    for (const { replicaSet, to } of sizes) {
      const from = replicasOf(replicaSet)
      const current = replicaSet.metadata?.annotations ?? {}
      const next = { ...current, ...annotations }
      if (from === to && sameAnnotations(current, next)) continue
      const written = await context.client.of(ReplicaSet).update({
        ...replicaSet,
        metadata: { ...replicaSet.metadata, annotations: next },
        spec: { ...replicaSet.spec, selector: replicaSet.spec?.selector ?? {}, replicas: to },
      })
      turn.sets = turn.sets.map((set) => (set.metadata?.uid === written.metadata?.uid ? written : set))
      if (from === to) continue
      const words = `replica set ${replicaSet.metadata?.name} from ${from} to ${to}`
      const message = `Scaled ${to > from ? 'up' : 'down'} ${words}`
      context.event(Deployment, deployment, 'Normal', 'ScalingReplicaSet', message)
      context.report.did.push(`scaled ${to > from ? 'up' : 'down'} ${words}`)
    }
  }

  async #cleanUpWhenComplete(turn: Turn, old: readonly AppsReplicaSet[]): Promise<void> {
    if (isComplete(turn.deployment, turn.deployment.status ?? {})) await this.#cleanUp(turn, old)
  }

  async #cleanUp({ deployment, context }: Turn, old: readonly AppsReplicaSet[]): Promise<void> {
    for (const { metadata } of beyondHistory(deployment, old)) {
      const { namespace = '', name = '' } = metadata ?? {}
      try {
        await context.client.of(ReplicaSet).delete({ namespace, name })
        context.report.did.push(`deleted old replica set ${name}`)
      } catch (err) {
        if (!isNotFound(err)) throw err
      }
    }
  }

  /** Numbers only: while paused, being scaled or going away, nothing is said about progress. */
  async #syncStatus(turn: Turn): Promise<void> {
    const newest = newestOf(turn.deployment, turn.sets)
    await this.#writeStatus(turn, countedStatus(turn.deployment, turn.sets, newest, this.#moment()))
  }

  async #syncRolloutStatus(turn: Turn, newest: AppsReplicaSet | undefined): Promise<Result> {
    const current = turn.sets.find((set) => set.metadata?.uid === newest?.metadata?.uid)
    const moment = this.#moment()
    const status = rolloutStatus(turn.deployment, turn.sets, current, moment)
    await this.#writeStatus(turn, status)
    const waitMs = deadlineInMs(turn.deployment, status, moment.now)
    return waitMs === undefined ? undefined : { requeueAfterMs: waitMs }
  }

  async #writeStatus({ deployment, context }: Turn, status: Status): Promise<void> {
    if (deepEqual(withoutZeros(status), withoutZeros(deployment.status ?? {}))) return
    await context.client.of(Deployment).updateStatus({ ...deployment, status })
    context.report.did.push(
      `status: ${status.updatedReplicas} updated, ${status.availableReplicas} available of ${status.replicas}`,
    )
  }

  #moment() {
    const { clock } = this.#view
    return { now: clock.now(), at: isoTime(clock) }
  }
}

/** Zeros may have been left out on the way; a condition's order says nothing. */
function withoutZeros(status: Status): Record<string, unknown> {
  const { conditions, ...numbers } = status
  return {
    ...Object.fromEntries(Object.entries(numbers).filter(([, value]) => value !== 0)),
    conditions: [...(conditions ?? [])].sort((a, b) => (a.type < b.type ? -1 : 1)),
  }
}

/** The Deployment whose old pods this was one of, if it waits for them to go. */
export function recreatingOwner(view: ClusterView, pod: CorePod): string[] {
  const replicaSetName = controllerOf(pod)
  if (replicaSetName?.kind !== 'ReplicaSet') return []
  const namespace = pod.metadata?.namespace ?? ''
  const replicaSet = view.cache(ReplicaSet).get(`${namespace}/${replicaSetName.name}`)
  const owner = replicaSet && controllerOf(replicaSet)
  const deployment = owner && view.cache(Deployment).get(`${namespace}/${owner.name}`)
  return deployment && !isRolling(deployment) ? [`${namespace}/${owner.name}`] : []
}
