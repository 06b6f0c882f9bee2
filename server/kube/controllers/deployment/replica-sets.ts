// Sorting a Deployment's ReplicaSets: the newest (its template is the Deployment's), the old ones, the active ones.
// Pure. Upstream: kubernetes/pkg/controller/deployment/util/deployment_util.go.

import type { Deployment, ReplicaSet } from 'kubernetes-types/apps/v1'
import { deepCopy } from '../../apimachinery/deep.ts'
import { Deployment as DeploymentKind } from '../../kinds/deployment.ts'
import { controllerReference } from '../pod-control.ts'
import { POD_TEMPLATE_HASH, podTemplateHash, sameTemplate } from '../pod-template-hash.ts'
import { type annotationsForNewest, revisionOfReplicaSet } from './revision-annotations.ts'
import { byAge, oldestFirst, replicasOf } from './rollout-bounds.ts'

const MAX_NAME_LENGTH = 253

/** Of several with the same template (a hash collision once upon a time) the oldest counts. */
export function newestOf(deployment: Deployment, sets: readonly ReplicaSet[]): ReplicaSet | undefined {
  return oldestFirst(sets).find((set) => sameTemplate(set.spec?.template, deployment.spec?.template))
}

export const without = (sets: readonly ReplicaSet[], one: ReplicaSet | undefined) =>
  sets.filter((set) => set.metadata?.uid !== one?.metadata?.uid)

export const activeOf = (sets: readonly ReplicaSet[]) => sets.filter((set) => replicasOf(set) > 0)

/** The one to scale when there is no rollout in progress; undefined in the middle of one. */
export function soleActiveOrNewest(newest: ReplicaSet | undefined, old: readonly ReplicaSet[]): ReplicaSet | undefined {
  const active = activeOf(newest ? [newest, ...old] : old)
  if (active.length > 1) return undefined
  return active[0] ?? newest ?? [...old].sort((a, b) => byAge(b, a))[0]
}

/** Those that `revisionHistoryLimit` does not let live, oldest revision first. */
export function beyondHistory(deployment: Deployment, old: readonly ReplicaSet[]): ReplicaSet[] {
  const limit = deployment.spec?.revisionHistoryLimit
  if (limit === undefined || limit === 2147483647) return []
  const alive = old.filter((set) => !set.metadata?.deletionTimestamp)
  return [...alive]
    .sort((a, b) => Number(revisionOfReplicaSet(a) - revisionOfReplicaSet(b)) || byAge(a, b))
    .slice(0, Math.max(0, alive.length - limit))
    .filter(
      (set) =>
        replicasOf(set) === 0 &&
        (set.status?.replicas ?? 0) === 0 &&
        (set.metadata?.generation ?? 0) <= (set.status?.observedGeneration ?? 0),
    )
}

export function newReplicaSet(
  deployment: Deployment,
  { annotations, replicas }: { annotations: ReturnType<typeof annotationsForNewest>; replicas: number },
): ReplicaSet {
  const { name, namespace = '' } = deployment.metadata ?? {}
  const { template, selector, minReadySeconds } = deployment.spec ?? {}
  const hash = podTemplateHash(template ?? {}, deployment.status?.collisionCount)
  const labels = { ...template?.metadata?.labels, [POD_TEMPLATE_HASH]: hash }
  // What tells it from the others has to stay, however long the Deployment's own name is.
  const room = MAX_NAME_LENGTH - 1 - hash.length
  return deepCopy({
    metadata: {
      name: `${name?.slice(0, room)}-${hash}`,
      namespace,
      labels,
      annotations: { ...annotations },
      ownerReferences: [controllerReference(DeploymentKind, deployment)],
    },
    spec: {
      replicas,
      ...(minReadySeconds ? { minReadySeconds } : {}),
      selector: { ...selector, matchLabels: { ...selector?.matchLabels, [POD_TEMPLATE_HASH]: hash } },
      template: { ...template, metadata: { ...template?.metadata, labels } },
    },
  })
}
