import { contentsOf, filesOf } from './key-files.ts'
import { groupOf, type VolumePlugin } from './volume-plugin.ts'
import { usageOfDirectory } from './volume-usage.ts'

export const configMapVolume: VolumePlugin = {
  name: 'kubernetes.io~configmap',
  field: 'configMap',
  isLive: true,
  isReadOnly: true,
  async setUp({ pod, volume, directory }, { os, objects }) {
    const { name = '', items, optional = false, defaultMode = 0o644 } = volume.configMap ?? {}
    const object = await objects.configMap(pod.metadata?.namespace ?? '', name)
    if (!object && !optional) throw new Error(`configmap "${name}" not found`)
    const contents = contentsOf(object && { ...object, kind: 'ConfigMap' })
    const files = filesOf(contents, { items, mode: defaultMode, optional, source: 'config' })
    await os.publish(directory, files, groupOf(pod))
    return directory
  },
  usage: usageOfDirectory,
}
