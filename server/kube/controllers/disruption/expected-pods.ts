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

export interface Expected {
  /** A sentence when a pod's maker has no scale: then percentages, and what may be unavailable, mean nothing. */
  count: number | string
  /** Made by nobody: not counted, as it will not be made again. */
  hasUnmanaged: boolean
}

export function expectedPods(pods: readonly Pod[], scale: (pod: Pod) => Scale | undefined): Expected {
  const scales = new Map<string, number>()
  let hasUnmanaged = false
  for (const pod of pods) {
    if (!controllerOf(pod)) {
      hasUnmanaged = true
      continue
    }
    const found = scale(pod)
    if (!found) return { count: `found no controllers for pod "${pod.metadata?.name}"`, hasUnmanaged }
    scales.set(found.uid, found.replicas)
  }
  return { count: [...scales.values()].reduce((sum, replicas) => sum + replicas, 0), hasUnmanaged }
}
