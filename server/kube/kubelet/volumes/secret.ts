import { contentsOf, filesOf } from './key-files.ts'
import { groupOf, type VolumePlugin } from './volume-plugin.ts'
import { usageOfDirectory } from './volume-usage.ts'

export const secretVolume: VolumePlugin = {
  name: 'kubernetes.io~secret',
  field: 'secret',
  isLive: true,
  isReadOnly: true,
  async setUp({ pod, volume, directory }, { os, objects }) {
    const { secretName = '', items, optional = false, defaultMode = 0o644 } = volume.secret ?? {}
    const object = await objects.secret(pod.metadata?.namespace ?? '', secretName)
    if (!object && !optional) throw new Error(`secret "${secretName}" not found`)
    const contents = contentsOf(object && { ...object, kind: 'Secret' })
    // In memory, so that a secret never reaches a disk.
    await os.mountTmpfs(directory, {})
    const files = filesOf(contents, { items, mode: defaultMode, optional, source: 'secret' })
    await os.publish(directory, files, groupOf(pod))
    return directory
  },
  tearDown: (directory, { os }) => os.unmount(directory),
  usage: usageOfDirectory,
}
