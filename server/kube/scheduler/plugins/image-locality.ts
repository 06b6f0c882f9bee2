// Prefers nodes that have the pod's images already, large ones more than small ones; an image that only few nodes have
// counts less, so that pods do not all crowd on those. Upstream: plugins/imagelocality.

import type { Pod } from 'kubernetes-types/core/v1'
import { MAX_SCORE, type Plugin } from '../framework.ts'

const NAME = 'ImageLocality'
const MB = 1024 * 1024
const MIN_BYTES = 23 * MB
const MAX_BYTES_PER_CONTAINER = 1000 * MB

/** The wanted images, with the share of nodes that have them. */
type Spread = Map<string, number>

const containersOf = ({ spec }: Pod) => [...(spec?.initContainers ?? []), ...(spec?.containers ?? [])]
const imageOf = (name: string) => (name.lastIndexOf(':') <= name.lastIndexOf('/') ? `${name}:latest` : name)

export const imageLocality: Plugin = {
  name: NAME,
  preScore(state, pod, _, all) {
    const spread: Spread = new Map()
    for (const { image = '' } of containersOf(pod)) {
      const name = imageOf(image)
      spread.set(name, all.imageCount(name) / all.size)
    }
    state.set(NAME, spread)
    return [...spread.values()].some((share) => share > 0)
  },
  score(state, pod, node) {
    const containers = containersOf(pod)
    const bytes = containers.reduce((sum, { image = '' }) => {
      const name = imageOf(image)
      return sum + Math.trunc((node.images.get(name) ?? 0) * ((state.get(NAME) as Spread).get(name) ?? 0))
    }, 0)
    const max = MAX_BYTES_PER_CONTAINER * containers.length
    const counted = Math.min(max, Math.max(MIN_BYTES, bytes))
    return Math.trunc((MAX_SCORE * (counted - MIN_BYTES)) / (max - MIN_BYTES))
  },
}
