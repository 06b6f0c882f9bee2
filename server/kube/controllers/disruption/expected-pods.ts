// How many pods there should be of those that a budget covers: asked of whatever made them, up to the one that scales.
// Upstream: kubernetes/pkg/controller/disruption getExpectedScale, finders.

import type { Deployment as AppsDeployment } from 'kubernetes-types/apps/v1'
import type { Pod } from 'kubernetes-types/core/v1'
import { controllerOf, type KubeObject, type OwnerReference } from '../../apimachinery/object-meta.ts'
import { isNotFound } from '../../apimachinery/status-error.ts'
import { type Client, objectPath } from '../../client/client.ts'
import type { ClusterView } from '../../client/controller-builder.ts'
import type { Lister } from '../../client/indexed-cache.ts'
import { CustomResourceDefinition } from '../../kinds/custom-resource-definition.ts'
import type { AnyKind } from '../../kinds/define-kind.ts'
import { Deployment } from '../../kinds/deployment.ts'
import { ReplicaSet } from '../../kinds/replica-set.ts'
import { ReplicationController } from '../../kinds/replication-controller.ts'
import { StatefulSet } from '../../kinds/stateful-set.ts'
import { customKinds } from '../custom-kinds.ts'

const CACHED: readonly AnyKind[] = [ReplicaSet, ReplicationController, StatefulSet]

interface Scale {
  uid: string
  replicas: number
}

type Scaled = KubeObject & { spec?: { replicas?: number } }

/** Undefined when the maker is not there; a sentence when it has no scale, or nobody knows what it is. */
export type FindScale = (client: Client, pod: Pod) => Promise<Scale | string | undefined>

/** The caches that are asked; naming them makes the loop watch them. Others are asked for their scale each time. */
export function scaleFinder(view: ClusterView, kinds: readonly AnyKind[]): FindScale {
  const caches = CACHED.map((kind) => ({ kind, objects: view.cache(kind) }))
  const deployments = view.cache(Deployment)
  view.cache(CustomResourceDefinition)
  return async (client, pod) => {
    const { namespace = '' } = pod.metadata ?? {}
    const owner = controllerOf(pod)
    if (!owner) return undefined
    const { objects } = caches.find(({ kind }) => isOf(kind, owner)) ?? {}
    const object = objects?.get(`${namespace}/${owner.name}`) as Scaled | undefined
    if (object?.metadata?.uid === owner.uid) return scaleOf(deploymentAbove(object, deployments) ?? object)
    const kind = [...kinds, ...customKinds(view)].find((one) => isOf(one, owner))
    if (!kind) return `no matches for kind "${owner.kind}" in version "${owner.apiVersion}"`
    if (kind.subresources.includes('scale')) return askForScale(client, kind, { namespace, owner })
    const resource = kind.group ? `${kind.plural}.${kind.group}` : kind.plural
    return `${resource} does not implement the scale subresource`
  }
}

const isOf = (kind: AnyKind, { apiVersion, kind: name }: OwnerReference) =>
  kind.kind === name && kind.group === (apiVersion.split('/').at(-2) ?? '')

function deploymentAbove(object: Scaled, deployments: Lister<AppsDeployment>): Scaled | undefined {
  const above = controllerOf(object)
  if (!above || !isOf(Deployment, above)) return undefined
  const deployment = deployments.get(`${object.metadata?.namespace}/${above.name}`)
  return deployment?.metadata?.uid === above.uid ? deployment : undefined
}

async function askForScale(
  client: Client,
  kind: AnyKind,
  { namespace, owner }: { namespace: string; owner: OwnerReference },
): Promise<Scale | undefined> {
  try {
    const path = objectPath(kind, { namespace, name: owner.name }, 'scale')
    const scale = (await client.transport.request({ method: 'GET', path })) as Scaled
    // A Scale that says nothing is one of none.
    return scale.metadata?.uid === owner.uid ? { uid: owner.uid, replicas: scale.spec?.replicas ?? 0 } : undefined
  } catch (err) {
    if (isNotFound(err)) return undefined
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
