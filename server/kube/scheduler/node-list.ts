// All nodes as a decision sees them, with what plug-ins would otherwise have to look for on each of them, pod after pod.
// Upstream: SharedLister, kubernetes/pkg/scheduler/backend/cache/snapshot.go.

import type { NodeInfo } from './node-info.ts'

export class NodeList {
  /** In a steady order. */
  readonly all: readonly NodeInfo[]
  #byName: ReadonlyMap<string, NodeInfo> | undefined
  readonly #caring = new Set<NodeInfo>()
  #images: ReadonlyMap<string, number> | undefined

  constructor(all: readonly NodeInfo[]) {
    this.all = all
    for (const info of all) this.podsChanged(info)
  }

  get size(): number {
    return this.all.length
  }

  get(name: string): NodeInfo | undefined {
    this.#byName ??= new Map(this.all.map((info) => [info.name, info]))
    return this.#byName.get(name)
  }

  /** Nodes with pods that care which other pods are near them. */
  get withAffinity(): Iterable<NodeInfo> {
    return this.#caring
  }

  /** So many nodes have the image. */
  imageCount(name: string): number {
    this.#images ??= countImages(this.all)
    return this.#images.get(name) ?? 0
  }

  /** The same nodes, but for one with other pods on it. */
  with(changed: NodeInfo): NodeList {
    return new NodeList(this.all.map((info) => (info.name === changed.name ? changed : info)))
  }

  podsChanged(info: NodeInfo): void {
    if (info.withAffinity.size > 0) this.#caring.add(info)
    else this.#caring.delete(info)
  }

  imagesChanged(): void {
    this.#images = undefined
  }
}

function countImages(nodes: readonly NodeInfo[]): Map<string, number> {
  const counts = new Map<string, number>()
  for (const { images } of nodes) for (const name of images.keys()) counts.set(name, (counts.get(name) ?? 0) + 1)
  return counts
}
