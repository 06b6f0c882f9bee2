import type { Node as CoreNode, Pod as CorePod, PersistentVolume as Volume } from 'kubernetes-types/core/v1'
import { deepEqual } from '../../apimachinery/deep.ts'
import { keyOf } from '../../apimachinery/object-meta.ts'
import { type ClusterView, controller } from '../../client/controller-builder.ts'
import { CSIDriver } from '../../kinds/csi-driver.ts'
import { Node } from '../../kinds/node.ts'
import { PersistentVolume } from '../../kinds/persistent-volume.ts'
import { PersistentVolumeClaim } from '../../kinds/persistent-volume-claim.ts'
import { Pod } from '../../kinds/pod.ts'
import { VolumeAttachment } from '../../kinds/volume-attachment.ts'
import { conditionOf } from '../conditions.ts'
import { AttachDetachReconciler, volumeNameOf } from './attach-detach-reconciler.ts'
import { BY_CLAIM, claimsOf, hasEnded } from './wanted-volumes.ts'

const factsOf = ({ metadata, spec, status }: CoreNode) => [
  metadata?.annotations,
  spec?.taints,
  status?.volumesInUse,
  status?.volumesAttached,
  conditionOf(status?.conditions, 'Ready')?.status,
]

const nodesWithClaim = (view: ClusterView, key: string) =>
  view
    .cache(Pod)
    .byIndex(BY_CLAIM, key)
    .flatMap(({ spec }) => spec?.nodeName ?? [])

const nodesWith = (view: ClusterView, volume: Volume | undefined) =>
  nodesWithClaim(view, `${volume?.spec?.claimRef?.namespace}/${volume?.spec?.claimRef?.name}`)

const standingOf = (pod: CorePod) => [pod.spec?.nodeName, hasEnded(pod)]

/** Keys are names of nodes, also of those that are gone and still have attachments. */
export const attachDetachController = controller('persistentvolume-attach-detach')
  .actsAs('attachdetach-controller')
  .eventsFrom('attachdetach-controller')
  // One at a time: a volume must not be given to two nodes.
  .concurrency(1)
  .watches(Node, (change) => {
    const isNews = change.type !== 'updated' || !deepEqual(factsOf(change.object), factsOf(change.previous))
    return isNews ? [keyOf(change.object)] : []
  })
  .watches(Pod, (change) => {
    const { nodeName } = change.object.spec ?? {}
    if (!nodeName || claimsOf(change.object).length === 0) return []
    const isNews = change.type !== 'updated' || !deepEqual(standingOf(change.object), standingOf(change.previous))
    return isNews ? [nodeName] : []
  })
  .watches(VolumeAttachment, ({ type, object }, view) => {
    // What has been let go of may be what another node waits for.
    const waiting = type === 'deleted' ? nodesWith(view, view.cache(PersistentVolume).get(volumeNameOf(object))) : []
    return new Set([object.spec.nodeName, ...waiting])
  })
  .watches(PersistentVolumeClaim, ({ object }, view) => new Set(nodesWithClaim(view, keyOf(object))))
  .watches(PersistentVolume, ({ object }, view) => new Set(nodesWith(view, object)))
  .watches(CSIDriver, (_, view) => view.cache(Node).list().map(keyOf))
  .reconcileWith((view) => new AttachDetachReconciler(view))
