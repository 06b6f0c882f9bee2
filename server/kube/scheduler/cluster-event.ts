// What may make room for pods that fitted nowhere, and how upstream calls it in what it counts.
// Upstream: kube-scheduler/framework/types.go, kubernetes/pkg/scheduler/framework/events.go.

import type { Node, PersistentVolume, PersistentVolumeClaim, Pod } from 'kubernetes-types/core/v1'
import type {
  CSIDriver,
  CSINode,
  CSIStorageCapacity,
  StorageClass,
  VolumeAttachment,
} from 'kubernetes-types/storage/v1'
import { deepEqual } from '../apimachinery/deep.ts'
import type { KubeObject } from '../apimachinery/object-meta.ts'
import type { Change } from '../client/shared-informer.ts'
import type { Claim, Class, Slice } from '../kinds/devices/device-objects.ts'
import { declaredBy } from '../kinds/placement/declared-features.ts'
import { asksForLess } from '../kinds/placement/pod-resources.ts'

/** New, unless there is a `previous`. */
interface Told<Type extends string, T> {
  type: Type
  object: T
  previous?: T
}

export type ClusterEvent =
  | { type: 'node-added'; node: Node }
  | { type: 'node-updated'; node: Node; previous: Node }
  | { type: 'node-removed'; node: Node }
  /** A pod that had a node is gone from it. */
  | { type: 'pod-removed'; pod: Pod }
  /** A pod on a node asks for less than it did. */
  | { type: 'pod-scaled-down'; pod: Pod; previous: Pod }
  /** A pod on a node has other labels than it had. */
  | { type: 'pod-relabelled'; pod: Pod; previous: Pod }
  /** A pod has got a node. */
  | { type: 'pod-assigned'; pod: Pod }
  /** The pod that waits is itself not what it was. */
  | { type: 'pod-changed'; pod: Pod; previous: Pod }
  | Told<'volume-claim-changed', PersistentVolumeClaim>
  | Told<'volume-changed', PersistentVolume>
  | Told<'storage-class-changed', StorageClass>
  | Told<'csi-node-changed', CSINode>
  | Told<'csi-driver-changed', CSIDriver>
  | Told<'storage-capacity-changed', CSIStorageCapacity>
  /** A volume has left its node. */
  | { type: 'volume-detached'; object: VolumeAttachment }
  | { type: 'claim-changed'; claim: Claim; previous?: Claim }
  | Told<'device-class-changed', Class>
  | Told<'devices-changed', Slice>

export type ClusterEventType = ClusterEvent['type']

const NAMES: Record<ClusterEventType, string> = {
  'node-added': 'NodeAdd',
  'node-updated': 'Node',
  'node-removed': 'NodeDelete',
  'pod-removed': 'AssignedPodDelete',
  'pod-scaled-down': 'AssignedPodUpdatePodScaleDown',
  'pod-relabelled': 'AssignedPodUpdatePodLabel',
  'pod-assigned': 'AssignedPodAdd',
  'pod-changed': 'UnschedulablePod',
  'volume-claim-changed': 'PersistentVolumeClaim',
  'volume-changed': 'PersistentVolume',
  'storage-class-changed': 'storage.k8s.io/StorageClass',
  'csi-node-changed': 'storage.k8s.io/CSINode',
  'csi-driver-changed': 'storage.k8s.io/CSIDriver',
  'storage-capacity-changed': 'storage.k8s.io/CSIStorageCapacity',
  'volume-detached': 'storage.k8s.io/VolumeAttachmentDelete',
  'claim-changed': 'resource.k8s.io/ResourceClaim',
  'device-class-changed': 'resource.k8s.io/DeviceClass',
  'devices-changed': 'resource.k8s.io/ResourceSlice',
}

export const CLUSTER_EVENTS = Object.keys(NAMES) as readonly ClusterEventType[]

/** Undefined for what goes: that makes no room. */
export function toldOf<Type extends string, T extends KubeObject>(
  type: Type,
  change: Change<T>,
): Told<Type, T> | undefined {
  if (change.type === 'deleted') return undefined
  return { type, object: change.object, ...(change.type === 'updated' ? { previous: change.previous } : {}) }
}

/** A pod that comes into the line. */
export const POD_ADDED = 'UnschedulablePodAdd'

export function upstreamNameOf(event: ClusterEvent): string {
  const name = NAMES[event.type]
  if (event.type === 'node-updated') return `${name}${whatOfNode(event)}`
  if (event.type === 'pod-changed') return `${name}${whatOfPod(event)}`
  if (event.type === 'claim-changed') return `${name}${event.previous ? 'Update' : 'Add'}`
  return 'object' in event && event.type !== 'volume-detached' ? `${name}${event.previous ? 'Update' : 'Add'}` : name
}

/** The first that has changed, where it is several things: each is an event of its own there. */
function whatOfNode({ node, previous }: NodeChange): string {
  if (previous.spec?.unschedulable && !node.spec?.unschedulable) return 'UpdateNodeTaint'
  if (!deepEqual(node.status?.allocatable, previous.status?.allocatable)) return 'UpdateNodeAllocatable'
  if (hasOtherLabels(node, previous)) return 'UpdateNodeLabel'
  if (!deepEqual(declaredBy(node), declaredBy(previous))) return 'UpdateNodeDeclaredFeature'
  return 'UpdateNodeTaint'
}

function whatOfPod({ pod, previous }: { pod: Pod; previous: Pod }): string {
  if (hasOtherLabels(pod, previous)) return 'UpdatePodLabel'
  if (asksForLess(pod, previous)) return 'UpdatePodScaleDown'
  if (hasOtherTolerations(pod, previous)) return 'UpdatePodToleration'
  return hasOtherClaims(pod, previous) ? 'UpdatePodGeneratedResourceClaim' : 'Update'
}

type Labelled = Pick<Node & Pod, 'metadata'>
export const hasOtherLabels = (now: Labelled, before: Labelled): boolean =>
  !deepEqual(now.metadata?.labels, before.metadata?.labels)

interface NodeChange {
  node: Node
  previous: Node
}

/** Nodes that let pods come again included. */
export const hasOtherTaints = ({ node: { spec: now }, previous: { spec: before } }: NodeChange): boolean =>
  !deepEqual(now?.taints, before?.taints) || (before?.unschedulable === true && !now?.unschedulable)

/** They can be added to, and not otherwise changed. */
export const hasOtherTolerations = ({ spec: now }: Pod, { spec: before }: Pod): boolean =>
  (now?.tolerations?.length ?? 0) !== (before?.tolerations?.length ?? 0)

interface Generated {
  resourceClaimStatuses?: unknown
  extendedResourceClaimStatus?: unknown
}

/** Claims that were made for it meanwhile. */
export function hasOtherClaims({ status: now }: Pod, { status: before }: Pod): boolean {
  const of = (status: unknown) => {
    const { resourceClaimStatuses, extendedResourceClaimStatus } = (status ?? {}) as Generated
    return { resourceClaimStatuses, extendedResourceClaimStatus }
  }
  return !deepEqual(of(now), of(before))
}
