// A volume of somebody else's: the driver on this machine puts it where the kubelet says. First once for the machine
// (stage), then for each pod (publish); what is needed to undo that lies beside it, for a kubelet that has forgotten all.
//
//   plugins/kubernetes.io/csi/<driver>/<hash of the volume>/globalmount
//   pods/<uid>/volumes/kubernetes.io~csi/<name>/{mount,vol_data.json}
//
// Upstream: pkg/volume/csi (csi_attacher.go, csi_mounter.go).

import { createHash } from 'node:crypto'
import type { CSIPersistentVolumeSource, SecretReference } from 'kubernetes-types/core/v1'
import {
  ACCESS_MODES,
  Empty,
  entriesOf,
  NodePublishVolumeRequest,
  NodeStageVolumeRequest,
  NodeUnpublishVolumeRequest,
  NodeUnstageVolumeRequest,
  STAGE_UNSTAGE_VOLUME,
} from '../csi/messages.ts'
import { groupOf, VolumeAwaited, type VolumePlugin, type VolumePorts, type VolumeRequest } from './volume-plugin.ts'

const NAME = 'kubernetes.io~csi'

/** Of `vol_data.json`, under upstream's names. */
interface VolumeData {
  driverName: string
  volumeHandle: string
  volumeLifecycleMode: 'Persistent' | 'Ephemeral'
  /** Ours: it is not attached yet, and nothing has been done that would have to be undone. */
  isAwaited?: true
}

export const csiVolume: VolumePlugin = {
  name: NAME,
  field: 'csi',
  isLive: false,
  async setUp(request, ports) {
    const { pod, directory, persistentVolume } = request
    const { csi, objects, os } = ports
    const source = sourceOf(request)
    const { driver, volumeHandle } = source
    const driverObject = await objects.csiDriver(driver)
    const volumeLifecycleMode = persistentVolume ? 'Persistent' : 'Ephemeral'
    const modes: string[] = driverObject?.spec?.volumeLifecycleModes ?? ['Persistent']
    if (!modes.includes(volumeLifecycleMode)) {
      throw new Error(`volume mode "${volumeLifecycleMode}" not supported by driver ${driver} (only supports ${modes})`)
    }
    const volumeCapability = capabilityOf(request)
    const data: VolumeData = { driverName: driver, volumeHandle, volumeLifecycleMode }
    const isAttachable = !!persistentVolume && (driverObject?.spec?.attachRequired ?? true)
    if (isAttachable) await untilAttached(data, directory, ports)
    const common = {
      volumeId: volumeHandle,
      publishContext: entriesOf(isAttachable ? await attachmentMetadata(source, ports) : {}),
      volumeCapability,
    }
    const volumeContext = source.volumeAttributes ?? {}
    const stagingTargetPath =
      persistentVolume && (await csi.can(driver, STAGE_UNSTAGE_VOLUME)) ? stageOf(source, ports) : ''
    // Before anything is done, so that all of it can be undone.
    await os.writeFile(`${directory}/vol_data.json`, JSON.stringify(data))
    ports.onInUse()
    if (stagingTargetPath) {
      // Once another pod here has the volume, this is its own root, whose mode is not ours to set.
      if (!(await os.kindOf(stagingTargetPath))) await os.makeDirectory(stagingTargetPath, { mode: 0o750 })
      const secrets = await secretsOf(source.nodeStageSecretRef, ports)
      const content = { ...common, stagingTargetPath, secrets, volumeContext: entriesOf(volumeContext) }
      await csi.call(driver, 'NodeStageVolume', [NodeStageVolumeRequest, Empty], content)
    }
    const targetPath = `${directory}/mount`
    const aboutPod: Record<string, string> = driverObject?.spec?.podInfoOnMount
      ? {
          'csi.storage.k8s.io/pod.name': pod.metadata?.name ?? '',
          'csi.storage.k8s.io/pod.namespace': pod.metadata?.namespace ?? '',
          'csi.storage.k8s.io/pod.uid': pod.metadata?.uid ?? '',
          'csi.storage.k8s.io/serviceAccount.name': pod.spec?.serviceAccountName ?? 'default',
          'csi.storage.k8s.io/ephemeral': String(!persistentVolume),
        }
      : {}
    await csi.call(driver, 'NodePublishVolume', [NodePublishVolumeRequest, Empty], {
      ...common,
      stagingTargetPath,
      targetPath,
      readonly: source.readOnly ?? false,
      secrets: await secretsOf(source.nodePublishSecretRef, ports),
      volumeContext: entriesOf({ ...volumeContext, ...aboutPod }),
    })
    await handToGroup(request, driverObject?.spec?.fsGroupPolicy, targetPath, ports)
    return targetPath
  },

  async tearDown(directory, ports) {
    const { csi, os } = ports
    const told = await os.readFile(`${directory}/vol_data.json`)
    if (told === undefined) return
    const { driverName, volumeHandle, isAwaited } = JSON.parse(told) as VolumeData
    if (isAwaited) {
      await os.remove(directory)
      ports.onInUse()
      return
    }
    const targetPath = `${directory}/mount`
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

/** Those of this machine, under the names that whoever attaches volumes knows them by; they must not be taken away. */
export async function volumesInUse(ports: Pick<VolumePorts, 'os' | 'rootDir'>): Promise<string[]> {
  const persistent = (await volumesOf(ports)).filter(({ volumeLifecycleMode }) => volumeLifecycleMode === 'Persistent')
  return [...new Set(persistent.map(uniqueNameOf))].sort()
}

const uniqueNameOf = ({ driverName, volumeHandle }: VolumeData) => `kubernetes.io/csi/${driverName}^${volumeHandle}`

/**
 * First the node says that it is going to use the volume, then the volume is looked for among those that it has: who takes
 * volumes away has heard the one before writing the other, so that none is taken from under a mount.
 */
async function untilAttached(data: VolumeData, directory: string, ports: VolumePorts): Promise<void> {
  const { os, objects, nodeName } = ports
  const file = `${directory}/vol_data.json`
  if ((await os.readFile(file)) === undefined) await os.writeFile(file, JSON.stringify({ ...data, isAwaited: true }))
  const { status } = await objects.node(nodeName)
  const name = uniqueNameOf(data)
  if (!status?.volumesInUse?.includes(name)) {
    ports.onInUse()
    throw new VolumeAwaited("Volume has not been added to the list of VolumesInUse in the node's volume status")
  }
  if (status.volumesAttached?.some((volume) => volume.name === name)) return
  throw new VolumeAwaited('Volume not attached according to node status')
}

async function volumesOf({ os, rootDir }: Pick<VolumePorts, 'os' | 'rootDir'>): Promise<VolumeData[]> {
  const found: VolumeData[] = []
  for (const uid of await os.list(`${rootDir}/pods`)) {
    const directory = `${rootDir}/pods/${uid}/volumes/${NAME}`
    for (const name of await os.list(directory)) {
      const told = await os.readFile(`${directory}/${name}/vol_data.json`)
      if (told !== undefined) found.push(JSON.parse(told) as VolumeData)
    }
  }
  return found
}

/** A volume that a pod's own spec describes gets a name that no other pod's has. */
function sourceOf({ pod, volume, persistentVolume }: VolumeRequest): CSIPersistentVolumeSource {
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

function capabilityOf({ persistentVolume, volume }: VolumeRequest) {
  const { accessModes = ['ReadWriteOnce'], mountOptions = [], csi } = persistentVolume?.spec ?? {}
  const mode = ['ReadWriteMany', 'ReadOnlyMany', 'ReadWriteOncePod', 'ReadWriteOnce'].find((one) =>
    accessModes.includes(one),
  )
  return {
    mount: { fsType: csi?.fsType ?? volume.csi?.fsType ?? '', mountFlags: mountOptions },
    accessMode: { mode: ACCESS_MODES[mode ?? 'ReadWriteOnce'] ?? 1 },
  }
}

/** What whoever attached the volume to this machine had to say. */
async function attachmentMetadata(
  { driver, volumeHandle }: CSIPersistentVolumeSource,
  { objects, nodeName }: VolumePorts,
): Promise<Record<string, string>> {
  const found = await objects.volumeAttachment(`csi-${sha256(`${volumeHandle}${driver}${nodeName}`)}`)
  if (found?.status?.attached) return found.status.attachmentMetadata ?? {}
  throw new VolumeAwaited(`volume ${volumeHandle} is not attached any more`)
}

async function secretsOf(reference: SecretReference | undefined, { objects }: VolumePorts) {
  if (!reference) return []
  const { namespace = '', name = '' } = reference
  const secret = await objects.secret(namespace, name)
  if (!secret) throw new Error(`secrets "${name}" not found`)
  const data = Object.entries(secret.data ?? {}).map(([key, value]) => [key, Buffer.from(value, 'base64').toString()])
  return entriesOf(Object.fromEntries(data) as Record<string, string>)
}

/** By default only where one machine alone writes to a file system: handing over all files of others takes long. */
async function handToGroup(
  { pod, persistentVolume }: VolumeRequest,
  policy: string | undefined,
  path: string,
  { os }: VolumePorts,
): Promise<void> {
  const { group } = groupOf(pod)
  if (group === undefined || policy === 'None') return
  const { accessModes = [], csi } = persistentVolume?.spec ?? {}
  const isFor = policy === 'File' || (csi?.fsType && accessModes.length === 1 && accessModes[0] === 'ReadWriteOnce')
  if (!isFor) return
  await os.setOwnership(path, {
    group,
    onlyOnMismatch: pod.spec?.securityContext?.fsGroupChangePolicy === 'OnRootMismatch',
  })
}

const stageOf = (
  { driver, volumeHandle }: Pick<CSIPersistentVolumeSource, 'driver' | 'volumeHandle'>,
  { rootDir }: VolumePorts,
) => `${rootDir}/plugins/kubernetes.io/csi/${driver}/${sha256(volumeHandle)}/globalmount`

const sha256 = (text: string) => createHash('sha256').update(text).digest('hex')
