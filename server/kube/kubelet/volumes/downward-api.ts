import type { DownwardAPIVolumeFile, Pod } from 'kubernetes-types/core/v1'
import type { FileContent } from '../../node-os/node-os.ts'
import { containerOf, fieldOf, type NodeAmounts, type PodAddresses, resourceFieldOf } from '../field-ref.ts'
import { groupOf, type VolumePlugin } from './volume-plugin.ts'
import { usageOfDirectory } from './volume-usage.ts'

export const downwardApiVolume: VolumePlugin = {
  name: 'kubernetes.io~downward-api',
  field: 'downwardAPI',
  isLive: true,
  isReadOnly: true,
  async setUp({ pod, volume, directory, addresses }, { os, node }) {
    const { items = [], defaultMode = 0o644 } = volume.downwardAPI ?? {}
    await os.mountTmpfs(directory, {})
    await os.publish(directory, downwardFiles(items, { pod, mode: defaultMode, addresses, node }), groupOf(pod))
    return directory
  },
  tearDown: (directory, { os }) => os.unmount(directory),
  usage: usageOfDirectory,
}

export function downwardFiles(
  items: DownwardAPIVolumeFile[],
  about: { pod: Pod; mode: number; addresses: PodAddresses; node: NodeAmounts },
): FileContent[] {
  return items.map((item) => ({
    path: item.path,
    mode: item.mode ?? about.mode,
    content: contentOf(item, about),
  }))
}

function contentOf(
  { fieldRef, resourceFieldRef }: DownwardAPIVolumeFile,
  { pod, addresses, node }: { pod: Pod; addresses: PodAddresses; node: NodeAmounts },
): string {
  if (fieldRef) return fieldOf(pod, fieldRef.fieldPath, addresses)
  if (!resourceFieldRef) return ''
  const container = containerOf(pod, resourceFieldRef.containerName ?? '')
  if (!container) throw new Error(`container ${resourceFieldRef.containerName} not found`)
  return resourceFieldOf(container, resourceFieldRef, { pod, node })
}
