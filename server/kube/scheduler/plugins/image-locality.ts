// Prefers nodes that have the pod's images already, large ones more than small ones; an image that only few nodes have
// counts less, so that pods do not all crowd on those. Upstream: plugins/imagelocality.

import { MAX_SCORE, type Plugin } from '../framework.ts'

const NAME = 'ImageLocality'
const MB = 1024 * 1024
const MIN_BYTES = 23 * MB
const MAX_BYTES_PER_CONTAINER = 1000 * MB

/** An image that the pod wants, and the share of nodes that have it. */
interface Wanted {
  name: string
  share: number
}

const imageOf = (name: string) => (name.lastIndexOf(':') <= name.lastIndexOf('/') ? `${name}:latest` : name)

export const imageLocality: Plugin = {
  name: NAME,
  preScore(state, { spec }, _, all) {
    const containers = [...(spec?.initContainers ?? []), ...(spec?.containers ?? [])]
    const wanted = containers.map(({ image = '' }): Wanted => {
      const name = imageOf(image)
      return { name, share: all.imageCount(name) / all.size }
    })
    state.set(NAME, wanted)
    return wanted.some(({ share }) => share > 0)
  },
  score(state, _, node) {
    const wanted = state.get(NAME) as readonly Wanted[]
    let bytes = 0
    for (const { name, share } of wanted) bytes += Math.trunc((node.images.get(name) ?? 0) * share)
    const max = MAX_BYTES_PER_CONTAINER * wanted.length
    const counted = Math.min(max, Math.max(MIN_BYTES, bytes))
    return Math.trunc((MAX_SCORE * (counted - MIN_BYTES)) / (max - MIN_BYTES))
  },
}
