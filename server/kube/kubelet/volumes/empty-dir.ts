import { amountOf } from '../resource-amount.ts'
import type { VolumePlugin } from './volume-plugin.ts'

export const emptyDirVolume: VolumePlugin = {
  name: 'kubernetes.io~empty-dir',
  field: 'emptyDir',
  isLive: false,
  async setUp({ pod, volume, directory }, { os }) {
    const group = pod.spec?.securityContext?.fsGroup
    // Any user of any container may write; with a group, what is made in it belongs to the group.
    await os.makeDirectory(directory, {
      mode: group === undefined ? 0o777 : 0o2777,
      ...(group === undefined ? {} : { group }),
    })
    if (volume.emptyDir?.medium === 'Memory') {
      const sizeBytes = amountOf(volume.emptyDir.sizeLimit)
      await os.mountTmpfs(directory, sizeBytes === undefined ? {} : { sizeBytes })
    }
    return directory
  },
  tearDown: (directory, { os }) => os.unmount(directory),
}
