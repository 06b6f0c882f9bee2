// Prefers nodes that have the pod's images already, those that it mounts as well, large ones more than small ones; an image that only few nodes have
// counts less, so that pods do not all crowd on those. Upstream: plugins/imagelocality.

import type { Volume } from '../../kinds/pod-template/newer-fields.ts'
import { MAX_SCORE, type Plugin } from '../framework.ts'

const NAME = 'ImageLocality'
const MB = 1024 * 1024
const MIN_BYTES = 23 * MB
const MAX_BYTES_PER_CONTAINER = 1000 * MB

/** An image that the pod wants, and the share of nodes that have it. */
interface Image {
  name: string
  share: number
}

interface Wanted {
  images: readonly Image[]
  /** More bytes than so many do not count. */
  max: number
}

const imageOf = (name: string) => (name.lastIndexOf(':') <= name.lastIndexOf('/') ? `${name}:latest` : name)

export const imageLocality: Plugin = {
  name: NAME,
  preScore(state, { spec }, _, all) {
    const containers = [...(spec?.initContainers ?? []), ...(spec?.containers ?? [])]
    const mounted = (spec?.volumes ?? []).flatMap(({ image }: Volume) => image?.reference ?? [])
    const images = [...containers.map(({ image = '' }) => image), ...mounted].map((image): Image => {
      const name = imageOf(image)
      return { name, share: all.imageCount(name) / all.size }
    })
    // What is mounted comes on top: it makes nothing smaller that containers want.
    state.set(NAME, { images, max: MAX_BYTES_PER_CONTAINER * containers.length } satisfies Wanted)
    return images.some(({ share }) => share > 0)
  },
  score(state, _, node) {
    const { images, max } = state.get(NAME) as Wanted
    let bytes = 0
    for (const { name, share } of images) bytes += Math.trunc((node.images.get(name) ?? 0) * share)
    const counted = Math.min(max, Math.max(MIN_BYTES, bytes))
    return Math.trunc((MAX_SCORE * (counted - MIN_BYTES)) / (max - MIN_BYTES))
  },
}
