// What is needed to undo what a driver has done for a volume. It lies beside the volume, for a kubelet that has forgotten all.
//
//   pods/<uid>/volumes/kubernetes.io~csi/<name>/vol_data.json
//
// Upstream: pkg/volume/csi/csi_plugin.go.

import type { VolumePorts } from './volume-plugin.ts'

export const CSI = 'kubernetes.io~csi'

/** Of `vol_data.json`, under upstream's names. */
export interface VolumeData {
  driverName: string
  volumeHandle: string
  volumeLifecycleMode: 'Persistent' | 'Ephemeral'
  /** Ours: it is not attached yet, and nothing has been done that would have to be undone. */
  isAwaited?: true
  /** Ours: how large it was made on this machine. */
  size?: string
}

type Disk = Pick<VolumePorts, 'os' | 'rootDir'>

export async function readVolumeData(directory: string, { os }: Pick<VolumePorts, 'os'>) {
  const told = await os.readFile(fileOf(directory))
  return told === undefined ? undefined : (JSON.parse(told) as VolumeData)
}

export const writeVolumeData = (directory: string, data: VolumeData, { os }: Pick<VolumePorts, 'os'>) =>
  os.writeFile(fileOf(directory), JSON.stringify(data))

/** Those of this machine, under the names that whoever attaches volumes knows them by; they must not be taken away. */
export async function volumesInUse(disk: Disk): Promise<string[]> {
  const persistent = (await volumesOf(disk)).filter(({ volumeLifecycleMode }) => volumeLifecycleMode === 'Persistent')
  return [...new Set(persistent.map(uniqueNameOf))].sort()
}

export const uniqueNameOf = ({ driverName, volumeHandle }: VolumeData) =>
  `kubernetes.io/csi/${driverName}^${volumeHandle}`

export async function volumesOf({ os, rootDir }: Disk): Promise<VolumeData[]> {
  const found: VolumeData[] = []
  for (const uid of await os.list(`${rootDir}/pods`)) {
    const directory = `${rootDir}/pods/${uid}/volumes/${CSI}`
    for (const name of await os.list(directory)) {
      const data = await readVolumeData(`${directory}/${name}`, { os })
      if (data) found.push(data)
    }
  }
  return found
}

const fileOf = (directory: string) => `${directory}/vol_data.json`
