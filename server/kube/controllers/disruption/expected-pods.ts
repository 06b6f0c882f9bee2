// How many pods there should be of those that a budget covers: asked of whatever made them, up to the one that scales.
// Upstream: kubernetes/pkg/controller/disruption getExpectedScale, finders.

import type { Pod } from 'kubernetes-types/core/v1'
import { controllerOf, type KubeObject, type OwnerReference } from '../../apimachinery/object-meta.ts'
import { isNotFound } from '../../apimachinery/status-error.ts'
import { type Client, objectPath } from '../../client/client.ts'
import type { ClusterView } from '../../client/controller-builder.ts'
import { CustomResourceDefinition } from '../../kinds/custom-resource-definition.ts'
import { DaemonSet } from '../../kinds/daemon-set.ts'
import type { AnyKind } from '../../kinds/define-kind.ts'
import { Deployment } from '../../kinds/deployment.ts'
import { Job } from '../../kinds/job.ts'
import { ReplicaSet } from '../../kinds/replica-set.ts'
import { ReplicationController } from '../../kinds/replication-controller.ts'
import { StatefulSet } from '../../kinds/stateful-set.ts'
import { customKinds } from '../custom-kinds.ts'

const SCALED: readonly AnyKind[] = [ReplicaSet, ReplicationController, StatefulSet]

interface Scale {
  uid: string
  replicas: number
}

type Scaled = KubeObject & { spec?: { replicas?: number } }

/** Makers of pods that are not scaled. */
const UNSCALED: readonly AnyKind[] = [DaemonSet, Job]

/** Undefined when the maker is not there; a sentence when it has no scale. */
export type FindScale = (client: Client, pod: Pod) => Promise<Scale | string | undefined>

/** The caches that are asked; naming them makes the loop watch them. Custom kinds are asked for their scale each time. */
export function scaleFinder(view: ClusterView): FindScale {
  const caches = new Map(SCALED.map((kind) => [kind.kind, view.cache(kind)]))
  const deployments = view.cache(Deployment)
  view.cache(CustomResourceDefinition)
  return async (client, pod) => {
    const { namespace = '' } = pod.metadata ?? {}
    const owner = controllerOf(pod)
    const object = owner && (caches.get(owner.kind)?.get(`${namespace}/${owner.name}`) as Scaled | undefined)
    const other = owner && [...UNSCALED, ...customKinds(view)].find((kind) => isOf(kind, owner))
    if (owner && other) return askForScale(client, other, { namespace, owner })
    if (!owner || !object || object.metadata?.uid !== owner.uid) return undefined
    const above = owner.kind === 'ReplicaSet' ? controllerOf(object) : undefined
    const deployment = above?.kind === 'Deployment' ? deployments.get(`${namespace}/${above.name}`) : undefined
    return scaleOf(deployment ?? object)
  }
}

const isOf = (kind: AnyKind, { apiVersion, kind: name }: OwnerReference) =>
  kind.kind === name && kind.group === apiVersion.split('/').at(-2)

async function askForScale(
  client: Client,
  kind: AnyKind,
  { namespace, owner }: { namespace: string; owner: OwnerReference },
): Promise<Scale | string | undefined> {
  try {
    const path = objectPath(kind, { namespace, name: owner.name }, 'scale')
    const scale = (await client.transport.request({ method: 'GET', path })) as Scaled
    // A Scale that says nothing is one of none.
    return scale.metadata?.uid === owner.uid ? { uid: owner.uid, replicas: scale.spec?.replicas ?? 0 } : undefined
  } catch (err) {
    if (isNotFound(err)) return `${kind.plural}.${kind.group} does not implement the scale subresource`
    throw err
  }
}

const scaleOf = ({ metadata, spec }: Scaled): Scale => ({ uid: metadata?.uid ?? '', replicas: spec?.replicas ?? 1 })

export interface Expected {
  /** A sentence when a pod's maker has no scale: then percentages, and what may be unavailable, mean nothing. */
  count: number | string
  /** Made by nobody: not counted, as it will not be made again. */
  hasUnmanaged: boolean
}

export async function expectedPods(client: Client, pods: readonly Pod[], scaleOfMaker: FindScale): Promise<Expected> {
  const scales = new Map<string, number>()
  const asked = new Set<string>()
  let hasUnmanaged = false
  for (const pod of pods) {
    const owner = controllerOf(pod)
    if (!owner) hasUnmanaged = true
    if (!owner || asked.has(owner.uid)) continue
    asked.add(owner.uid)
    const found = await scaleOfMaker(client, pod)
    if (typeof found === 'string') return { count: found, hasUnmanaged }
    if (!found) return { count: `found no controllers for pod "${pod.metadata?.name}"`, hasUnmanaged }
    scales.set(found.uid, found.replicas)
  }
  return { count: [...scales.values()].reduce((sum, replicas) => sum + replicas, 0), hasUnmanaged }
}
