// A directory of one machine that a persistent volume names. Upstream: pkg/volume/local.

import { groupOf, type VolumePlugin } from './volume-plugin.ts'
import { usageOfFileSystem } from './volume-usage.ts'

export const localVolume: VolumePlugin = {
  name: 'kubernetes.io~local-volume',
  field: 'local',
  isLive: false,
  async setUp({ pod, volume }, { os }) {
    const { path = '' } = volume.local ?? {}
    if ((await os.kindOf(path)) !== 'directory') throw new Error(`path "${path}" does not exist`)
    const { group } = groupOf(pod)
    const { fsGroupChangePolicy } = pod.spec?.securityContext ?? {}
    const onlyOnMismatch = fsGroupChangePolicy === 'OnRootMismatch'
    if (group !== undefined) await os.setOwnership(path, { group, onlyOnMismatch })
    return path
  },
  usage: ({ volume }, ports) => usageOfFileSystem(volume.local?.path ?? '', ports),
}
