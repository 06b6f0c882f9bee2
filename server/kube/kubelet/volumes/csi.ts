// A volume of somebody else's: the driver on this machine puts it where the kubelet says. First once for the machine
// (stage), then for each pod (publish).
//
//   plugins/kubernetes.io/csi/<driver>/<hash of the volume>/globalmount
//   pods/<uid>/volumes/kubernetes.io~csi/<name>/{mount,vol_data.json}
//
// Upstream: pkg/volume/csi (csi_attacher.go, csi_mounter.go, csi_metrics.go).

import type { CSIPersistentVolumeSource } from 'kubernetes-types/core/v1'
import type { CSIDriver } from 'kubernetes-types/storage/v1'
import {
  BYTES,
  Empty,
  entriesOf,
  GET_VOLUME_STATS,
  INODES,
  NodeGetVolumeStatsRequest,
  NodeGetVolumeStatsResponse,
  NodePublishVolumeRequest,
  NodeStageVolumeRequest,
  NodeUnpublishVolumeRequest,
  NodeUnstageVolumeRequest,
  STAGE_UNSTAGE_VOLUME,
  VOLUME_MOUNT_GROUP,
} from '../csi/messages.ts'
import { CSI, readVolumeData, uniqueNameOf, type VolumeData, volumesOf, writeVolumeData } from './csi-data.ts'
import { growOnNode, sizeBefore } from './csi-expansion.ts'
import { capabilityOf, secretsOf, sha256, sourceOf } from './csi-source.ts'
import { tokensFor } from './csi-tokens.ts'
import { groupOf, VolumeAwaited, type VolumePlugin, type VolumePorts, type VolumeRequest } from './volume-plugin.ts'

export const csiVolume: VolumePlugin = {
  name: CSI,
  field: 'csi',
  isLive: false,
  async setUp(request, ports) {
    const { directory, persistentVolume } = request
    const { csi, objects, os } = ports
    const source = sourceOf(request)
    const { driver, volumeHandle } = source
    const driverObject = await objects.csiDriver(driver)
    const volumeLifecycleMode = persistentVolume ? 'Persistent' : 'Ephemeral'
    const modes: string[] = driverObject?.spec?.volumeLifecycleModes ?? ['Persistent']
    if (!modes.includes(volumeLifecycleMode)) {
      throw new Error(`volume mode "${volumeLifecycleMode}" not supported by driver ${driver} (only supports ${modes})`)
    }
    const data: VolumeData = { driverName: driver, volumeHandle, volumeLifecycleMode }
    if (isAttachable(request, driverObject)) await untilAttached(data, directory, ports)
    const publishContext = await publishContextOf(request, driverObject, ports)
    const stagingTargetPath = await stagingPathOf(request, ports)
    // Before anything is done, so that all of it can be undone.
    const size = (await readVolumeData(directory, ports))?.size ?? sizeBefore(request)
    await writeVolumeData(directory, { ...data, ...(size && { size }) }, ports)
    ports.onInUse()
    if (stagingTargetPath) {
      // Once another pod here has the volume, this is its own root, whose mode is not ours to set.
      if (!(await os.kindOf(stagingTargetPath))) await os.makeDirectory(stagingTargetPath, { mode: 0o750 })
      await csi.call(driver, 'NodeStageVolume', [NodeStageVolumeRequest, Empty], {
        volumeId: volumeHandle,
        publishContext,
        volumeCapability: await capabilityOf(request, ports),
        stagingTargetPath,
        secrets: entriesOf(await secretsOf(source.nodeStageSecretRef, ports)),
        volumeContext: entriesOf(source.volumeAttributes),
      })
    }
    await publish(request, driverObject, { stagingTargetPath, publishContext }, ports)
    const targetPath = targetOf(directory)
    await handToGroup(request, driverObject?.spec?.fsGroupPolicy, targetPath, ports)
    await growOnNode(request, { targetPath, stagingTargetPath }, ports)
    return targetPath
  },

  async refresh(request, ports) {
    const driverObject = await ports.objects.csiDriver(sourceOf(request).driver)
    const stagingTargetPath = await stagingPathOf(request, ports)
    if (driverObject?.spec?.requiresRepublish) {
      const publishContext = await publishContextOf(request, driverObject, ports)
      await publish(request, driverObject, { stagingTargetPath, publishContext }, ports)
    }
    await growOnNode(request, { targetPath: targetOf(request.directory), stagingTargetPath }, ports)
  },

  /** As the driver says, if it says anything. */
  async usage(request, ports) {
    const { driver, volumeHandle } = sourceOf(request)
    if (!(await ports.csi.can(driver, GET_VOLUME_STATS))) return undefined
    const types = [NodeGetVolumeStatsRequest, NodeGetVolumeStatsResponse] as const
    const content = { volumeId: volumeHandle, volumePath: targetOf(request.directory) }
    const { usage } = await ports.csi.call(driver, 'NodeGetVolumeStats', types, content)
    const of = (unit: number) => usage.find((one) => one.unit === unit)
    const [bytes, inodes] = [of(BYTES), of(INODES)]
    return {
      availableBytes: bytes?.available ?? 0,
      capacityBytes: bytes?.total ?? 0,
      usedBytes: bytes?.used ?? 0,
      inodesFree: inodes?.available ?? 0,
      inodes: inodes?.total ?? 0,
      inodesUsed: inodes?.used ?? 0,
    }
  },

  async tearDown(directory, ports) {
    const { csi, os } = ports
    const data = await readVolumeData(directory, ports)
    if (!data) return
    const { driverName, volumeHandle, isAwaited } = data
    if (isAwaited) {
      await os.remove(directory)
      ports.onInUse()
      return
    }
    const targetPath = targetOf(directory)
    const unpublish = { volumeId: volumeHandle, targetPath }
    await csi.call(driverName, 'NodeUnpublishVolume', [NodeUnpublishVolumeRequest, Empty], unpublish)
    // A driver that has not done what it said must not cost the data behind the mount.
    await os.unmount(targetPath)
    await os.remove(directory)
    ports.onInUse()
    const stagingTargetPath = stageOf({ driver: driverName, volumeHandle }, ports)
    if ((await os.kindOf(stagingTargetPath)) === undefined) return
    if ((await volumesOf(ports)).some((one) => one.volumeHandle === volumeHandle)) return
    const unstage = { volumeId: volumeHandle, stagingTargetPath }
    await csi.call(driverName, 'NodeUnstageVolume', [NodeUnstageVolumeRequest, Empty], unstage)
    await os.unmount(stagingTargetPath)
    await os.remove(stagingTargetPath.slice(0, stagingTargetPath.lastIndexOf('/')))
  },
}

async function publish(
  request: VolumeRequest,
  driverObject: CSIDriver | undefined,
  common: { stagingTargetPath: string; publishContext: { key: string; value: string }[] },
  ports: VolumePorts,
): Promise<void> {
  const { pod, persistentVolume, directory } = request
  const source = sourceOf(request)
  const aboutPod: Record<string, string> = driverObject?.spec?.podInfoOnMount
    ? {
        'csi.storage.k8s.io/pod.name': pod.metadata?.name ?? '',
        'csi.storage.k8s.io/pod.namespace': pod.metadata?.namespace ?? '',
        'csi.storage.k8s.io/pod.uid': pod.metadata?.uid ?? '',
        'csi.storage.k8s.io/serviceAccount.name': pod.spec?.serviceAccountName ?? 'default',
        'csi.storage.k8s.io/ephemeral': String(!persistentVolume),
      }
    : {}
  const tokens = await tokensFor(pod, driverObject, ports)
  const secrets = await secretsOf(source.nodePublishSecretRef, ports)
  await ports.csi.call(source.driver, 'NodePublishVolume', [NodePublishVolumeRequest, Empty], {
    ...common,
    volumeId: source.volumeHandle,
    volumeCapability: await capabilityOf(request, ports),
    targetPath: targetOf(directory),
    readonly: isReadOnly(request),
    secrets: entriesOf({ ...secrets, ...tokens.secrets }),
    volumeContext: entriesOf({ ...source.volumeAttributes, ...aboutPod, ...tokens.context }),
  })
}

/** By the pod's wish, or the volume's own. */
const isReadOnly = (request: VolumeRequest) => request.isReadOnly || (sourceOf(request).readOnly ?? false)

const isAttachable = ({ persistentVolume }: VolumeRequest, driverObject: CSIDriver | undefined) =>
  !!persistentVolume && (driverObject?.spec?.attachRequired ?? true)

/**
 * First the node says that it is going to use the volume, then the volume is looked for among those that it has: who takes
 * volumes away has heard the one before writing the other, so that none is taken from under a mount.
 */
async function untilAttached(data: VolumeData, directory: string, ports: VolumePorts): Promise<void> {
  if (!(await readVolumeData(directory, ports))) await writeVolumeData(directory, { ...data, isAwaited: true }, ports)
  const { status } = await ports.objects.node(ports.nodeName)
  const name = uniqueNameOf(data)
  if (!status?.volumesInUse?.includes(name)) {
    ports.onInUse()
    throw new VolumeAwaited("Volume has not been added to the list of VolumesInUse in the node's volume status")
  }
  if (status.volumesAttached?.some((volume) => volume.name === name)) return
  throw new VolumeAwaited('Volume not attached according to node status')
}

/** What whoever attached the volume to this machine had to say. */
async function publishContextOf(
  request: VolumeRequest,
  driverObject: CSIDriver | undefined,
  { objects, nodeName }: VolumePorts,
) {
  if (!isAttachable(request, driverObject)) return []
  const { driver, volumeHandle } = sourceOf(request)
  const found = await objects.volumeAttachment(`csi-${sha256(`${volumeHandle}${driver}${nodeName}`)}`)
  if (found?.status?.attached) return entriesOf(found.status.attachmentMetadata)
  throw new VolumeAwaited(`volume ${volumeHandle} is not attached any more`)
}

/** By default only where one machine alone writes to a file system: handing over all files of others takes long. */
async function handToGroup(
  request: VolumeRequest,
  policy: string | undefined,
  path: string,
  { os, csi }: VolumePorts,
): Promise<void> {
  const { pod, persistentVolume } = request
  const { group } = groupOf(pod)
  if (group === undefined || policy === 'None' || isReadOnly(request)) return
  const { driver, fsType } = sourceOf(request)
  const isFor = policy === 'File' || (fsType && persistentVolume?.spec?.accessModes?.includes('ReadWriteOnce'))
  if (!isFor || (await csi.can(driver, VOLUME_MOUNT_GROUP))) return
  await os.setOwnership(path, {
    group,
    onlyOnMismatch: pod.spec?.securityContext?.fsGroupChangePolicy === 'OnRootMismatch',
  })
}

const targetOf = (directory: string) => `${directory}/mount`

/** Empty where the driver does nothing for the whole machine. */
async function stagingPathOf(request: VolumeRequest, ports: VolumePorts): Promise<string> {
  const source = sourceOf(request)
  const isStaged = request.persistentVolume && (await ports.csi.can(source.driver, STAGE_UNSTAGE_VOLUME))
  return isStaged ? stageOf(source, ports) : ''
}

const stageOf = (
  { driver, volumeHandle }: Pick<CSIPersistentVolumeSource, 'driver' | 'volumeHandle'>,
  { rootDir }: VolumePorts,
) => `${rootDir}/plugins/kubernetes.io/csi/${driver}/${sha256(volumeHandle)}/globalmount`
