// How many pods there should be of those that a budget covers: asked of whatever made them, up to the one that scales.
// Upstream: kubernetes/pkg/controller/disruption getExpectedScale, finders.

import type { Pod } from 'kubernetes-types/core/v1'
import { controllerOf, type KubeObject } from '../../apimachinery/object-meta.ts'
import type { ClusterView } from '../../client/controller-builder.ts'
import type { AnyKind } from '../../kinds/define-kind.ts'
import { Deployment } from '../../kinds/deployment.ts'
import { ReplicaSet } from '../../kinds/replica-set.ts'
import { ReplicationController } from '../../kinds/replication-controller.ts'
import { StatefulSet } from '../../kinds/stateful-set.ts'

const SCALED: readonly AnyKind[] = [ReplicaSet, ReplicationController, StatefulSet]

interface Scale {
  uid: string
  replicas: number
}

type Scaled = KubeObject & { spec?: { replicas?: number } }

/** The caches that are asked; naming them makes the loop watch them. */
export function scaleFinder(view: ClusterView): (pod: Pod) => Scale | undefined {
  const caches = new Map(SCALED.map((kind) => [kind.kind, view.cache(kind)]))
  const deployments = view.cache(Deployment)
  return (pod) => {
    const { namespace = '' } = pod.metadata ?? {}
    const owner = controllerOf(pod)
    const object = owner && (caches.get(owner.kind)?.get(`${namespace}/${owner.name}`) as Scaled | undefined)
    if (!owner || !object || object.metadata?.uid !== owner.uid) return undefined
    const above = owner.kind === 'ReplicaSet' ? controllerOf(object) : undefined
    const deployment = above?.kind === 'Deployment' ? deployments.get(`${namespace}/${above.name}`) : undefined
    return scaleOf(deployment ?? object)
  }
}

const scaleOf = ({ metadata, spec }: Scaled): Scale => ({ uid: metadata?.uid ?? '', replicas: spec?.replicas ?? 1 })

/** A sentence when a pod's maker has no scale: then percentages, and what may be unavailable, mean nothing. */
export function expectedPods(pods: readonly Pod[], scale: (pod: Pod) => Scale | undefined): number | string {
  const scales = new Map<string, number>()
  for (const pod of pods) {
    if (!controllerOf(pod)) continue // made by nobody: not counted, as it will not be made again
    const found = scale(pod)
    const { kind, name } = controllerOf(pod) ?? {}
    if (!found) return `found no controllers for pod "${pod.metadata?.name}" with a scale: ${kind} ${name}`
    scales.set(found.uid, found.replicas)
  }
  return [...scales.values()].reduce((sum, replicas) => sum + replicas, 0)
}
