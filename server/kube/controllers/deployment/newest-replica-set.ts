// Finds the ReplicaSet that has the Deployment's template, makes it when asked to, and keeps the numbers of
// revisions on both. Upstream: getNewReplicaSet in kubernetes/pkg/controller/deployment/sync.go.

import type { Deployment as AppsDeployment, ReplicaSet as AppsReplicaSet } from 'kubernetes-types/apps/v1'
import { type Clock, isoTime } from '../../../base/clock.ts'
import { controllerOf } from '../../apimachinery/object-meta.ts'
import { isAlreadyExists } from '../../apimachinery/status-error.ts'
import type { Lister } from '../../client/indexed-cache.ts'
import type { ReconcileContext } from '../../client/reconcile-context.ts'
import { Deployment } from '../../kinds/deployment.ts'
import { ReplicaSet } from '../../kinds/replica-set.ts'
import { conditionOf, withCondition } from '../conditions.ts'
import { isNamespaceTerminating, messageOf } from '../pod-control.ts'
import { sameTemplate } from '../pod-template-hash.ts'
import { newestOf, newReplicaSet, without } from './replica-sets.ts'
import { annotationsForNewest, maxRevision, REVISION, sizeAnnotations } from './revision-annotations.ts'
import { boundsOf, newestSize, replicasOf } from './rollout-bounds.ts'
import { deadlineSeconds, progressing } from './rollout-status.ts'

interface Turn {
  context: ReconcileContext
  deployment: AppsDeployment
  sets: AppsReplicaSet[]
}

export class NewestReplicaSet {
  readonly #clock: Clock
  readonly #replicaSets: Lister<AppsReplicaSet>

  constructor(clock: Clock, replicaSets: Lister<AppsReplicaSet>) {
    this.#clock = clock
    this.#replicaSets = replicaSets
  }

  /** Changes `turn` to what it has written. */
  async ensure(turn: Turn, { create }: { create: boolean }): Promise<AppsReplicaSet | undefined> {
    const existing = newestOf(turn.deployment, turn.sets)
    const revision = maxRevision(without(turn.sets, existing)) + 1n
    if (existing) return this.#keepInStep(turn, existing, revision)
    return create ? this.#create(turn, revision) : undefined
  }

  async #keepInStep(turn: Turn, existing: AppsReplicaSet, revision: bigint): Promise<AppsReplicaSet> {
    const current = existing.metadata?.annotations ?? {}
    const annotations = annotationsForNewest(turn.deployment, current, revision)
    const minReadySeconds = turn.deployment.spec?.minReadySeconds ?? 0
    let newest = existing
    if (annotations !== current || minReadySeconds !== (existing.spec?.minReadySeconds ?? 0)) {
      newest = await turn.context.client.of(ReplicaSet).update({
        ...existing,
        metadata: { ...existing.metadata, annotations: { ...annotations } },
        spec: { ...existing.spec, selector: existing.spec?.selector ?? {}, minReadySeconds },
      })
      turn.sets = [...without(turn.sets, existing), newest]
    }
    const found = `Found new replica set "${newest.metadata?.name}"`
    await this.#noteRevision(turn, newest, { reason: 'FoundNewReplicaSet', message: found, onlyIfSilent: true })
    return newest
  }

  async #create(turn: Turn, revision: bigint): Promise<AppsReplicaSet> {
    const { context, deployment } = turn
    const desired = replicasOf(deployment)
    const replicas = newestSize(deployment, turn.sets, 0)
    const annotations = {
      ...annotationsForNewest(deployment, {}, revision),
      ...sizeAnnotations(desired, desired + boundsOf(deployment).maxSurge),
    }
    const wanted = newReplicaSet(deployment, { annotations, replicas })
    const name = wanted.metadata?.name ?? ''
    let created: AppsReplicaSet
    try {
      created = await context.client.of(ReplicaSet).create(wanted)
    } catch (err) {
      const ours = isAlreadyExists(err) ? await this.#alreadyOurs(turn, wanted, err) : undefined
      if (!ours) {
        if (!isAlreadyExists(err) && !isNamespaceTerminating(err)) await this.#noteFailure(turn, name, err)
        throw err
      }
      turn.sets = [...without(turn.sets, ours), ours]
      return ours
    }
    turn.sets = [...turn.sets, created]
    if (replicas > 0) {
      const words = `replica set ${name} from 0 to ${replicas}`
      context.event(Deployment, deployment, 'Normal', 'ScalingReplicaSet', `Scaled up ${words}`)
      context.report.did.push(`created and scaled up ${words}`)
    }
    const message = `Created new replica set "${name}"`
    await this.#noteRevision(turn, created, { reason: 'NewReplicaSetCreated', message, onlyIfSilent: false })
    return created
  }

  /**
   * The name is taken. By this Deployment's own, made a moment ago and not yet in our cache: fine. By another
   * template with the same hash: count the collision, so that the next turn makes another name.
   */
  async #alreadyOurs(
    { context, deployment }: Turn,
    wanted: AppsReplicaSet,
    cause: unknown,
  ): Promise<AppsReplicaSet | undefined> {
    const { namespace = '', name = '' } = wanted.metadata ?? {}
    const existing =
      this.#replicaSets.get(`${namespace}/${name}`) ?? (await context.client.of(ReplicaSet).get({ namespace, name }))
    const isOurs = controllerOf(existing)?.uid === deployment.metadata?.uid
    if (isOurs && sameTemplate(existing.spec?.template, deployment.spec?.template)) return existing
    const collisionCount = (deployment.status?.collisionCount ?? 0) + 1
    await context.client
      .of(Deployment)
      .updateStatus({ ...deployment, status: { ...deployment.status, collisionCount } })
    context.log.info('hash collision', { replicaSet: name, err: cause })
    return undefined
  }

  async #noteFailure(turn: Turn, name: string, err: unknown): Promise<void> {
    const { context, deployment } = turn
    const message = `Failed to create new replica set "${name}": ${messageOf(err)}`
    context.event(Deployment, deployment, 'Warning', 'ReplicaSetCreateError', message)
    if (deadlineSeconds(deployment) === undefined) return
    const condition = progressing('False', 'ReplicaSetCreateError', message, isoTime(this.#clock))
    const conditions = [...withCondition(deployment.status?.conditions, condition)]
    // What failed matters more than that saying so failed too.
    await context.client
      .of(Deployment)
      .updateStatus({ ...deployment, status: { ...deployment.status, conditions } })
      .catch(() => undefined)
  }

  /** The Deployment carries the revision of its newest ReplicaSet, and says where the deadline counts from. */
  async #noteRevision(
    turn: Turn,
    newest: AppsReplicaSet,
    { reason, message, onlyIfSilent }: { reason: string; message: string; onlyIfSilent: boolean },
  ): Promise<void> {
    const { deployment, context } = turn
    const revision = newest.metadata?.annotations?.[REVISION]
    const current = conditionOf(deployment.status?.conditions, 'Progressing')
    const speak = deadlineSeconds(deployment) !== undefined && !(onlyIfSilent && current)
    const outdated = revision !== undefined && deployment.metadata?.annotations?.[REVISION] !== revision
    if (!outdated && !speak) return
    const conditions = speak
      ? withCondition(deployment.status?.conditions, progressing('True', reason, message, isoTime(this.#clock)))
      : deployment.status?.conditions
    turn.deployment = await context.client.of(Deployment).updateStatus({
      ...deployment,
      metadata: {
        ...deployment.metadata,
        annotations: { ...deployment.metadata?.annotations, ...(revision ? { [REVISION]: revision } : {}) },
      },
      status: { ...deployment.status, ...(conditions ? { conditions: [...conditions] } : {}) },
    })
    if (!revision || turn.deployment.metadata?.annotations?.[REVISION] === revision) return
    // Upstream's server lets a status update set annotations; one that does not has to be told twice.
    const { namespace = '', name = '' } = deployment.metadata ?? {}
    turn.deployment = await context.client.of(Deployment).patch({ namespace, name }, 'application/merge-patch+json', {
      metadata: { annotations: { [REVISION]: revision } },
    })
  }
}
