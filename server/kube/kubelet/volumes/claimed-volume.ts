// What stands behind a claim: the source that its persistent volume names. Upstream: pkg/kubelet/volumemanager/populator.

import type { PersistentVolume, PersistentVolumeClaim, Pod } from 'kubernetes-types/core/v1'
import { isFullyBound } from '../../kinds/storage/volume-binding.ts'
import type { ApiObjects } from '../api-objects.ts'
import type { VolumeSource } from './volume-plugin.ts'

export interface SourceOfVolume {
  volume: VolumeSource
  persistentVolume?: PersistentVolume
  claim?: PersistentVolumeClaim
  isReadOnly: boolean
}

/** Of the claim that a volume stands for, in the pod's namespace. */
export function claimNameOf(pod: Pod, { persistentVolumeClaim, ephemeral, name }: VolumeSource): string | undefined {
  return persistentVolumeClaim?.claimName ?? (ephemeral ? `${pod.metadata?.name}-${name}` : undefined)
}

/** The volume itself when it needs no claim. */
export async function behindClaim(pod: Pod, volume: VolumeSource, objects: ApiObjects): Promise<SourceOfVolume> {
  const { persistentVolumeClaim, ephemeral, name } = volume
  const claimName = claimNameOf(pod, volume)
  if (claimName === undefined) return { volume, isReadOnly: false }
  const { namespace = '', uid } = pod.metadata ?? {}
  const at = `error processing PVC ${namespace}/${claimName}`
  const claim = await objects.claim(namespace, claimName)
  if (!claim)
    throw new Error(`${at}: failed to fetch PVC from API server: persistentvolumeclaims "${claimName}" not found`)
  if (ephemeral && !claim.metadata?.ownerReferences?.some((owner) => owner.uid === uid)) {
    throw new Error(`${at}: PVC was not created for pod (pod is not owner)`)
  }
  if (claim.metadata?.deletionTimestamp) throw new Error(`${at}: PVC is being deleted`)
  if (!isFullyBound(claim)) throw new Error(`${at}: PVC is not bound`)
  const { volumeName = '' } = claim.spec ?? {}
  const bound = await objects.persistentVolume(volumeName)
  if (!bound) throw new Error(`${at}: failed to fetch PV ${volumeName} from API server: not found`)
  if (bound.spec?.claimRef?.uid !== claim.metadata?.uid)
    throw new Error(`${at}: PV ${volumeName} is bound to another claim`)
  if (bound.spec?.volumeMode === 'Block') {
    throw new Error(`${at}: PV ${volumeName} is a block device, and a machine that is a container has none to give`)
  }
  const { hostPath, local, csi, nfs } = bound.spec ?? {}
  const source = hostPath ? { hostPath } : local ? { local } : csi ? { csi } : nfs ? { nfs } : undefined
  if (!source) throw new Error(`no volume plugin matched the source of PV ${volumeName}`)
  const isReadOnly = persistentVolumeClaim?.readOnly ?? false
  return { volume: { name, ...source }, persistentVolume: bound, claim, isReadOnly }
}
