// A directory that comes and goes with the pod. Upstream: pkg/volume/emptydir.

import type { Pod } from 'kubernetes-types/core/v1'
import type { Volume } from '../../kinds/pod-template/newer-fields.ts'
import type { NodeAmounts } from '../field-ref.ts'
import { amountOf } from '../resource-amount.ts'
import { groupOf, type VolumePlugin } from './volume-plugin.ts'
import { usageOfDirectory } from './volume-usage.ts'

/** Any user of any container may write. */
const MODE = 0o777

export const emptyDirVolume: VolumePlugin = {
  name: 'kubernetes.io~empty-dir',
  field: 'emptyDir',
  isLive: false,
  async setUp({ pod, volume, directory }, { os, node }) {
    if (volume.emptyDir?.medium === 'Memory') {
      await os.mountTmpfs(directory, { mode: MODE, sizeBytes: memorySizeOf(pod, volume, node) })
    } else await os.makeDirectory(directory, { mode: MODE })
    const { group } = groupOf(pod)
    if (group !== undefined) await os.setOwnership(directory, { group })
    return directory
  },
  /** With what is in it: the pod may stay in the API for long, and be over because it filled the disk. */
  async tearDown(directory, { os }) {
    await os.unmount(directory)
    await os.remove(directory)
  },
  usage: usageOfDirectory,
}

/** What is in memory counts as the pod's memory, so no more than that is of use. */
function memorySizeOf(pod: Pod, { emptyDir }: Volume, { allocatable }: NodeAmounts): number {
  const limits = (pod.spec?.containers ?? []).map(({ resources }) => amountOf(resources?.limits?.memory) ?? Infinity)
  const podLimit = limits.reduce((sum, limit) => sum + limit, 0)
  return Math.floor(
    Math.min(amountOf(allocatable.memory) ?? Infinity, podLimit, amountOf(emptyDir?.sizeLimit) || Infinity),
  )
}
