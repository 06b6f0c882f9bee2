// The nodes as the scheduler sees them, including pods that it has decided about and the API server has not yet
// confirmed. Such a pod is assumed: it takes its place at once, or the next pod would be given the same place.
//
//   assume ──► confirmed by the watch (the pod has its nodeName)
//         └──► forgotten (binding failed)
//
// Upstream: kubernetes/pkg/scheduler/backend/cache/cache.go.

import type { Node, Pod } from 'kubernetes-types/core/v1'
import { keyOf } from '../apimachinery/object-meta.ts'
import { NodeInfo } from './node-info.ts'
import { NodeList } from './node-list.ts'

export class SchedulerCache {
  readonly #nodes = new Map<string, NodeInfo>()
  /** Pod key → name of the node it counts on. */
  readonly #placed = new Map<string, string>()
  readonly #assumed = new Map<string, string | undefined>()
  /** Kept while no node comes or goes: it is asked for at every decision. */
  #list: NodeList | undefined

  /** Nodes that exist. */
  nodes(): NodeList {
    this.#list ??= new NodeList([...this.#nodes.values()].filter((info) => info.node))
    return this.#list
  }

  setNode(node: Node): void {
    const info = this.#infoOf(node.metadata?.name ?? '')
    if (!info.node) this.#list = undefined
    const { images } = info
    info.setNode(node)
    this.#list?.imagesChanged(images.keys(), info.images.keys())
  }

  removeNode(name: string): void {
    this.#list = undefined
    const info = this.#nodes.get(name)
    info?.setNode(undefined)
    this.#tidy(name)
  }

  assume(pod: Pod, node: string): void {
    const key = keyOf(pod)
    this.#place(key, pod, node)
    this.#assumed.set(key, pod.metadata?.uid)
  }

  isAssumed(pod: Pod): boolean {
    const key = keyOf(pod)
    return this.#assumed.has(key) && this.#assumed.get(key) === pod.metadata?.uid
  }

  /** Takes an assumption back; does nothing when the watch has confirmed it meanwhile. */
  forget(pod: Pod): void {
    if (this.isAssumed(pod)) this.remove(pod)
  }

  /** The watch says that the pod is on this node. */
  confirm(pod: Pod): void {
    const key = keyOf(pod)
    this.#assumed.delete(key)
    this.#place(key, pod, pod.spec?.nodeName ?? '')
  }

  remove(pod: Pod): void {
    const key = keyOf(pod)
    this.#assumed.delete(key)
    const name = this.#placed.get(key)
    if (name === undefined) return
    this.#placed.delete(key)
    this.#takeOff(name, key)
    this.#tidy(name)
  }

  #place(key: string, pod: Pod, node: string): void {
    const before = this.#placed.get(key)
    if (before !== undefined && before !== node) this.#takeOff(before, key)
    this.#placed.set(key, node)
    const info = this.#infoOf(node)
    info.addPod(pod)
    if (info.node) this.#list?.podsChanged(info)
  }

  #takeOff(name: string, key: string): void {
    const info = this.#nodes.get(name)
    info?.removePod(key)
    if (info?.node) this.#list?.podsChanged(info)
  }

  #infoOf(name: string): NodeInfo {
    let info = this.#nodes.get(name)
    if (!info) {
      info = new NodeInfo(name)
      this.#nodes.set(name, info)
    }
    return info
  }

  #tidy(name: string): void {
    const info = this.#nodes.get(name)
    if (info && !info.node && info.pods.size === 0) this.#nodes.delete(name)
  }
}
