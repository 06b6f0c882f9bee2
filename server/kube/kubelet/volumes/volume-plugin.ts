// A kind of volume: how it comes to be a directory (or file) on the machine. One file each; see index.ts for the list.

import type { Pod, Volume } from 'kubernetes-types/core/v1'
import type { Clock } from '../../../base/clock.ts'
import type { NodeOs } from '../../node-os/node-os.ts'
import type { ApiObjects } from '../api-objects.ts'
import type { NodeAmounts, PodAddresses } from '../field-ref.ts'

export interface VolumePorts {
  os: NodeOs
  objects: ApiObjects
  clock: Clock
  node: NodeAmounts
}

export interface VolumeRequest {
  pod: Pod
  volume: Volume
  /** The volume's own directory under the kubelet's root; the plug-in makes it. */
  directory: string
  addresses: PodAddresses
}

export interface VolumePlugin {
  /** Part of the directory's name, as upstream's: `kubernetes.io~configmap`. */
  readonly name: string
  /** The field of the volume that names this plug-in. */
  readonly field: keyof Volume
  /** What it shows may change while the pod runs; `setUp` is then repeated now and then. */
  readonly isLive: boolean
  /** Idempotent. Resolves with the path to mount into containers. The message of an error is shown to the user. */
  setUp(request: VolumeRequest, ports: VolumePorts): Promise<string>
  tearDown?(directory: string, ports: VolumePorts): Promise<void>
}
