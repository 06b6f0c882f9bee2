// A directory of an NFS server. The machine's own mount(8) gets it, and may be refused: who is root in a user namespace
// only cannot mount it (decision 0086). Upstream: pkg/volume/nfs.

import { isIPv6 } from 'node:net'
import type { NodeOs } from '../../node-os/node-os.ts'
import type { VolumePlugin } from './volume-plugin.ts'
import { type FsStats, fsStatsOf } from './volume-usage.ts'

const ANSWER_MS = 5_000

export const nfsVolume: VolumePlugin = {
  name: 'kubernetes.io~nfs',
  field: 'nfs',
  isLive: false,
  async setUp({ volume, persistentVolume, isReadOnly, directory }, { os }) {
    const { server = '', path = '', readOnly = false } = volume.nfs ?? {}
    // Of a persistent volume it is the pod's claim that says so, as upstream has it.
    const ro = persistentVolume ? isReadOnly : readOnly
    const options = new Set([...(persistentVolume?.spec?.mountOptions ?? []), ...(ro ? ['ro'] : [])])
    await os.mountRemote(directory, {
      type: 'nfs',
      source: `${isIPv6(server) ? `[${server}]` : server}:${path}`,
      options: [...options].sort(),
    })
    return directory
  },
  tearDown: (directory, { os }) => os.unmount(directory),
  usage: ({ directory }, { os }) => usageInTime(directory, os),
}

/** Asked by a command, which can be ended: a call of our own would wait for the server as long as it is away. */
async function usageInTime(directory: string, os: NodeOs): Promise<FsStats | undefined> {
  const { exitCode, stdout } = await os.run('stat', ['-f', '-c', '%S %b %a %c %d', directory], { timeoutMs: ANSWER_MS })
  if (exitCode !== 0) return undefined
  const [block = 0, blocks = 0, free = 0, inodes = 0, inodesFree = 0] = stdout.trim().split(' ').map(Number)
  return fsStatsOf({ capacityBytes: block * blocks, availableBytes: block * free, inodes, inodesFree })
}
