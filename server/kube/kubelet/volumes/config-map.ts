import { contentsOf, filesOf } from './key-files.ts'
import type { VolumePlugin } from './volume-plugin.ts'

export const configMapVolume: VolumePlugin = {
  name: 'kubernetes.io~configmap',
  field: 'configMap',
  isLive: true,
  async setUp({ pod, volume, directory }, { os, objects }) {
    const { name = '', items, optional = false, defaultMode = 0o644 } = volume.configMap ?? {}
    const object = await objects.configMap(pod.metadata?.namespace ?? '', name)
    if (!object && !optional) throw new Error(`configmap "${name}" not found`)
    const contents = contentsOf(object && { ...object, kind: 'ConfigMap' })
    await os.publish(directory, filesOf(contents, { items, mode: defaultMode, optional, source: 'config' }))
    return directory
  },
}
