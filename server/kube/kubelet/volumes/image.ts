// The files of an image, without a container of it. Upstream: pkg/volume/image, and image_volumes in kuberuntime.

import { fieldPathOf } from '../kubelet-events.ts'
import type { VolumePlugin } from './volume-plugin.ts'

export const imageVolume: VolumePlugin = {
  name: 'kubernetes.io~image',
  field: 'image',
  isLive: false,
  isReadOnly: true,
  async setUp({ pod, volume, directory }, { os, runtime, images }) {
    const { reference = '', pullPolicy } = volume.image ?? {}
    const wanted = { name: volume.name, image: reference, ...(pullPolicy ? { imagePullPolicy: pullPolicy } : {}) }
    const found = await images.ensure(pod, wanted, fieldPathOf('regular', volume.name))
    if (!found.ok) throw new Error(`${found.reason}: ${found.message}`)
    await os.mountLayers(await runtime.imageLayers(reference), directory)
    return directory
  },
  tearDown: (directory, { os }) => os.unmount(directory),
}
