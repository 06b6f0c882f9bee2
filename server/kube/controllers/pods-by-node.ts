// Which pods are on a node: an index for loops that are asked it of each node.

import type { Pod } from 'kubernetes-types/core/v1'
import type { IndexedCache } from '../client/indexed-cache.ts'

const BY_NODE = 'node'

/** To be called once for each cache, before anybody asks. */
export function indexByNode(pods: IndexedCache<Pod>): void {
  pods.addIndex(
    BY_NODE,
    ({ spec }) => (spec?.nodeName ? [spec.nodeName] : []),
    ({ spec }) => spec?.nodeName,
  )
}

export const podsOn = (pods: IndexedCache<Pod>, nodeName: string): Pod[] => pods.byIndex(BY_NODE, nodeName)
