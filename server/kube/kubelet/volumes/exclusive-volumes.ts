// Volumes that one pod may use at a time (ReadWriteOncePod), on one machine; elsewhere the scheduler sees to it. Who has one
// is kept as a directory of the pod's, so that a kubelet that starts anew knows, and forgets it with the pod.
// Upstream: pkg/volume/util/operationexecutor/operation_generator.go, GenerateMountVolumeFunc.

import type { PersistentVolume } from 'kubernetes-types/core/v1'
import type { VolumePorts } from './volume-plugin.ts'

const DIRECTORY = 'exclusive-volumes'

/** Rejects while another pod has it. Of two that come at once none may get it; both try again, and not at the same time. */
export async function takeExclusively(
  podUid: string,
  volume: PersistentVolume | undefined,
  { os, rootDir }: Pick<VolumePorts, 'os' | 'rootDir'>,
): Promise<void> {
  const [mode, ...others] = volume?.spec?.accessModes ?? []
  // With several modes nobody knows which one the pod means.
  if (mode !== 'ReadWriteOncePod' || others.length > 0) return
  const placeOf = (uid: string) => `${rootDir}/pods/${uid}/${DIRECTORY}/${volume?.metadata?.name}`
  const mine = placeOf(podUid)
  const hadIt = (await os.kindOf(mine)) !== undefined
  if (!hadIt) await os.makeDirectory(mine)
  const pods = (await os.list(`${rootDir}/pods`)).filter((uid) => uid !== podUid)
  const kinds = await Promise.all(pods.map((uid) => os.kindOf(placeOf(uid))))
  if (kinds.every((kind) => kind === undefined)) return
  if (!hadIt) await os.remove(mine)
  throw new Error('volume uses the ReadWriteOncePod access mode and is already in use by another pod')
}

/** When the pod's volumes are unmounted. */
export const letGoOfAll = (podUid: string, { os, rootDir }: Pick<VolumePorts, 'os' | 'rootDir'>): Promise<void> =>
  os.remove(`${rootDir}/pods/${podUid}/${DIRECTORY}`)
