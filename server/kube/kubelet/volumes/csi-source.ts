// What a driver is told of a volume, from the persistent volume or from the pod's own spec.
// Upstream: pkg/volume/csi (csi_util.go, csi_client.go).

import { createHash } from 'node:crypto'
import type { CSIPersistentVolumeSource, SecretReference } from 'kubernetes-types/core/v1'
import { ACCESS_MODES, FINER_ACCESS_MODES, SINGLE_NODE_MULTI_WRITER, VOLUME_MOUNT_GROUP } from '../csi/messages.ts'
import { groupOf, type VolumePorts, type VolumeRequest } from './volume-plugin.ts'

type Source = Pick<VolumeRequest, 'pod' | 'volume' | 'persistentVolume'>

/** A volume that a pod's own spec describes gets a name that no other pod's has. */
export function sourceOf({ pod, volume, persistentVolume }: Source): CSIPersistentVolumeSource {
  if (persistentVolume?.spec?.csi) return persistentVolume.spec.csi
  const inline = volume.csi
  const { namespace = '', uid = '' } = pod.metadata ?? {}
  const secret = inline?.nodePublishSecretRef
  return {
    driver: inline?.driver ?? '',
    volumeHandle: `csi-${sha256(`${namespace}${uid}${volume.name}`)}`,
    readOnly: inline?.readOnly ?? false,
    ...(inline?.fsType ? { fsType: inline.fsType } : {}),
    ...(inline?.volumeAttributes ? { volumeAttributes: inline.volumeAttributes } : {}),
    ...(secret ? { nodePublishSecretRef: { ...secret, namespace } } : {}),
  }
}

/** How a volume shall be used, as far as its driver wants to know it. */
export async function capabilityOf(source: Source, { csi }: VolumePorts) {
  const { pod, persistentVolume } = source
  const { driver, fsType = '' } = sourceOf(source)
  const { accessModes = ['ReadWriteOnce'], mountOptions = [] } = persistentVolume?.spec ?? {}
  const mode = ['ReadWriteMany', 'ReadOnlyMany', 'ReadWriteOncePod', 'ReadWriteOnce'].find((one) =>
    accessModes.includes(one),
  )
  const modes = (await csi.can(driver, SINGLE_NODE_MULTI_WRITER)) ? FINER_ACCESS_MODES : ACCESS_MODES
  const { group } = groupOf(pod)
  const isForDriver = group !== undefined && (await csi.can(driver, VOLUME_MOUNT_GROUP))
  return {
    mount: { fsType, mountFlags: mountOptions, volumeMountGroup: isForDriver ? String(group) : '' },
    accessMode: { mode: modes[mode ?? 'ReadWriteOnce'] ?? 1 },
  }
}

export async function secretsOf(
  reference: SecretReference | undefined,
  { objects }: VolumePorts,
): Promise<Record<string, string>> {
  if (!reference) return {}
  const { namespace = '', name = '' } = reference
  const secret = await objects.secret(namespace, name)
  if (!secret) throw new Error(`secrets "${name}" not found`)
  const data = Object.entries(secret.data ?? {}).map(([key, value]) => [key, Buffer.from(value, 'base64').toString()])
  return Object.fromEntries(data) as Record<string, string>
}

export const sha256 = (text: string) => createHash('sha256').update(text).digest('hex')
