// A kind of volume: how it comes to be a directory (or file) on the machine. One file each; see index.ts for the list.

import type { LocalVolumeSource, PersistentVolume, PersistentVolumeClaim, Pod } from 'kubernetes-types/core/v1'
import type { Clock } from '../../../base/clock.ts'
import type { Metrics } from '../../../base/metrics.ts'
import type { ContainerRuntime } from '../../container-runtime/container-runtime.ts'
import type { Volume } from '../../kinds/pod-template/newer-fields.ts'
import type { NodeOs } from '../../node-os/node-os.ts'
import type { ApiObjects } from '../api-objects.ts'
import type { CsiDrivers } from '../csi/csi-drivers.ts'
import type { NodeAmounts, PodAddresses } from '../field-ref.ts'
import type { ImagePuller } from '../image-puller.ts'
import type { KubeletEvents } from '../kubelet-events.ts'
import type { FsStats } from './volume-usage.ts'

export interface VolumePorts {
  os: NodeOs
  objects: ApiObjects
  events: KubeletEvents
  clock: Clock
  metrics: Metrics
  node: NodeAmounts
  runtime: ContainerRuntime
  images: ImagePuller
  csi: CsiDrivers
  /** Somebody else's volume has come into use here or is so no more; those who detach volumes go by what the node tells. */
  onInUse: () => void
  nodeName: string
  /** `/var/lib/kubelet`. */
  rootDir: string
}

/** A volume of a pod's spec, or what a persistent volume has in place of it. */
export type VolumeSource = Volume & { local?: LocalVolumeSource }

export interface VolumeRequest {
  pod: Pod
  volume: VolumeSource
  /** Behind a claim. */
  persistentVolume?: PersistentVolume | undefined
  claim?: PersistentVolumeClaim | undefined
  /** By the pod's wish. */
  isReadOnly: boolean
  /** The volume's own directory under the kubelet's root; the plug-in makes it. */
  directory: string
  addresses: PodAddresses
}

/** Nothing is wrong with the volume, but somebody else is to do something first: it is tried again soon. */
export class VolumeAwaited extends Error {
  override readonly name = 'VolumeAwaited'
}

export interface VolumePlugin {
  /** Part of the directory's name, as upstream's: `kubernetes.io~configmap`. */
  readonly name: string
  /** The field of the volume that names this plug-in. */
  readonly field: keyof VolumeSource
  /** What it shows may change while the pod runs: `setUp` is then repeated once in a while. */
  readonly isLive: boolean
  /** Containers can only read it. */
  readonly isReadOnly?: boolean
  /** Idempotent. Resolves with the path to mount into containers. The message of an error is shown to the user. */
  setUp(request: VolumeRequest, ports: VolumePorts): Promise<string>
  /** Of one that is set up, once in a while: what is to be done for it while the pod runs. */
  refresh?(request: VolumeRequest, ports: VolumePorts): Promise<void>
  /** Undefined where nobody counts. */
  usage?(request: Omit<VolumeRequest, 'addresses'>, ports: VolumePorts): Promise<FsStats | undefined>
  tearDown?(directory: string, ports: VolumePorts): Promise<void>
}

/** Whom files are handed to that the pod's containers shall be able to use. */
export const groupOf = ({ spec }: Pod): { group?: number } => {
  const { fsGroup } = spec?.securityContext ?? {}
  return fsGroup === undefined ? {} : { group: fsGroup }
}
