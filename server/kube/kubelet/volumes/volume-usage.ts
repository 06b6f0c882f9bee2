// How full a volume is. Upstream: pkg/volume/metrics_du.go and metrics_statfs.go.

import type { FileSystem, NodeOs } from '../../node-os/node-os.ts'

export interface FsStats {
  availableBytes: number
  capacityBytes: number
  usedBytes: number
  inodesFree: number
  inodes: number
  inodesUsed: number
}

export interface MeasuredVolume {
  name: string
  /** In the pod's namespace. */
  claimName?: string
  usage: FsStats
}

export const fsStatsOf = ({ availableBytes, capacityBytes, inodes, inodesFree }: FileSystem): FsStats => ({
  availableBytes,
  capacityBytes,
  usedBytes: capacityBytes - availableBytes,
  inodesFree,
  inodes,
  inodesUsed: inodes - inodesFree,
})

/** Of one that is taken for a file system of its own; undefined where nobody counts. */
export async function usageOfFileSystem(path: string, { os }: { os: NodeOs }): Promise<FsStats | undefined> {
  const found = await os.fileSystem(path)
  return found && fsStatsOf(found)
}

/** Of one that shares its disk with others. */
export async function usageOfDirectory({ directory }: { directory: string }, { os }: { os: NodeOs }) {
  const [disk, own] = await Promise.all([usageOfFileSystem(directory, { os }), os.diskUsage(directory)])
  return disk && { ...disk, usedBytes: own.bytes, inodesUsed: own.inodes }
}
