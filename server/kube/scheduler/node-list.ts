// All nodes as a decision sees them, with what plug-ins would otherwise have to look for on each of them, pod after pod.
// Upstream: SharedLister, kubernetes/pkg/scheduler/backend/cache/snapshot.go.

import type { NodeInfo } from './node-info.ts'

export class NodeList {
  /** In a steady order. */
  readonly all: readonly NodeInfo[]
  #byName: ReadonlyMap<string, NodeInfo> | undefined
  readonly #caring = new Set<NodeInfo>()
  #images: Map<string, number> | undefined

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

  /** One of the nodes has these images in place of those. */
  imagesChanged(before: Iterable<string>, now: Iterable<string>): void {
    if (!this.#images) return
    count(this.#images, before, -1)
    count(this.#images, now, 1)
  }
}

function count(counts: Map<string, number>, names: Iterable<string>, by: 1 | -1): void {
  for (const name of names) {
    const sum = (counts.get(name) ?? 0) + by
    if (sum > 0) counts.set(name, sum)
    else counts.delete(name)
  }
}

function countImages(nodes: readonly NodeInfo[]): Map<string, number> {
  const counts = new Map<string, number>()
  for (const { images } of nodes) count(counts, images.keys(), 1)
  return counts
}
