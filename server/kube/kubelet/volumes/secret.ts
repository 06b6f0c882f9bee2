import { contentsOf, filesOf } from './key-files.ts'
import type { VolumePlugin } from './volume-plugin.ts'

export const secretVolume: VolumePlugin = {
  name: 'kubernetes.io~secret',
  field: 'secret',
  isLive: true,
  async setUp({ pod, volume, directory }, { os, objects }) {
    const { secretName = '', items, optional = false, defaultMode = 0o644 } = volume.secret ?? {}
    const object = await objects.secret(pod.metadata?.namespace ?? '', secretName)
    if (!object && !optional) throw new Error(`secret "${secretName}" not found`)
    const contents = contentsOf(object && { ...object, kind: 'Secret' })
    // In memory, so that a secret never reaches a disk.
    await os.mountTmpfs(directory, {})
    await os.publish(directory, filesOf(contents, { items, mode: defaultMode, optional, source: 'secret' }))
    return directory
  },
  tearDown: (directory, { os }) => os.unmount(directory),
}
