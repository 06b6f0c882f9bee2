// The messages of storage drivers that the kubelet exchanges with them, as far as it uses them.
// Upstream: container-storage-interface/spec csi.proto, k8s.io/kubelet pluginregistration/v1.

import { bool, int, message, nested, oneOf, repeated, string } from '../../../base/protobuf.ts'

const Entry = message({ key: string(1), value: string(2) })
const map = (number: number) => repeated(nested(number, () => Entry))
export const entriesOf = (of: Record<string, string> = {}) => Object.entries(of).map(([key, value]) => ({ key, value }))
export const recordOf = (entries: readonly { key: string; value: string }[]): Record<string, string> =>
  Object.fromEntries(entries.map(({ key, value }) => [key, value]))

export const Empty = message({})

export const PluginInfo = message({
  type: string(1),
  name: string(2),
  endpoint: string(3),
  supportedVersions: repeated(string(4)),
})
export const RegistrationStatus = message({ pluginRegistered: bool(1), error: string(2) })

const Topology = message({ segments: map(1) })
export const NodeGetInfoResponse = message({
  nodeId: string(1),
  maxVolumesPerNode: int(2),
  accessibleTopology: nested(3, () => Topology),
})

const Rpc = message({ type: int(1) })
const NodeServiceCapability = message({ rpc: nested(1, () => Rpc) })
export const NodeGetCapabilitiesResponse = message({ capabilities: repeated(nested(1, () => NodeServiceCapability)) })
export const STAGE_UNSTAGE_VOLUME = 1
export const GET_VOLUME_STATS = 2
export const EXPAND_VOLUME = 3
export const SINGLE_NODE_MULTI_WRITER = 5
export const VOLUME_MOUNT_GROUP = 6

const MountVolume = message({ fsType: string(1), mountFlags: repeated(string(2)), volumeMountGroup: string(3) })
const AccessMode = message({ mode: int(1) })
const VolumeCapability = message({
  mount: oneOf(nested(2, () => MountVolume)),
  accessMode: nested(3, () => AccessMode),
})
export const ACCESS_MODES: Readonly<Record<string, number>> = {
  ReadWriteOnce: 1,
  ReadOnlyMany: 3,
  ReadWriteMany: 5,
  ReadWriteOncePod: 1,
}
/** For drivers that tell one pod of a machine from several. */
export const FINER_ACCESS_MODES: typeof ACCESS_MODES = { ...ACCESS_MODES, ReadWriteOncePod: 6, ReadWriteOnce: 7 }

export const NodeStageVolumeRequest = message({
  volumeId: string(1),
  publishContext: map(2),
  stagingTargetPath: string(3),
  volumeCapability: nested(4, () => VolumeCapability),
  secrets: map(5),
  volumeContext: map(6),
})
export const NodeUnstageVolumeRequest = message({ volumeId: string(1), stagingTargetPath: string(2) })
export const NodePublishVolumeRequest = message({
  volumeId: string(1),
  publishContext: map(2),
  stagingTargetPath: string(3),
  targetPath: string(4),
  volumeCapability: nested(5, () => VolumeCapability),
  readonly: bool(6),
  secrets: map(7),
  volumeContext: map(8),
})
export const NodeUnpublishVolumeRequest = message({ volumeId: string(1), targetPath: string(2) })

export const NodeGetVolumeStatsRequest = message({ volumeId: string(1), volumePath: string(2) })
const VolumeUsage = message({ available: int(1), total: int(2), used: int(3), unit: int(4) })
export const NodeGetVolumeStatsResponse = message({ usage: repeated(nested(1, () => VolumeUsage)) })
export const BYTES = 1
export const INODES = 2

const CapacityRange = message({ requiredBytes: int(1), limitBytes: int(2) })
export const NodeExpandVolumeRequest = message({
  volumeId: string(1),
  volumePath: string(2),
  capacityRange: nested(3, () => CapacityRange),
  stagingTargetPath: string(4),
  volumeCapability: nested(5, () => VolumeCapability),
  secrets: map(6),
})
