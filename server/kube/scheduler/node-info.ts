// A node with everything on it, added up, so that a filter need not count pods.
// Upstream: kubernetes/pkg/scheduler/framework/types.go (NodeInfo).

import type { Node, Pod, Taint } from 'kubernetes-types/core/v1'
import { type HostPort, hostPorts } from '../apimachinery/host-ports.ts'
import type { Selector } from '../apimachinery/label-selector.ts'
import { keyOf } from '../apimachinery/object-meta.ts'
import { type PodAffinity, podAffinityOf } from '../kinds/placement/pod-affinity.ts'
import { amountsOf, type PodResources, podResources } from '../kinds/placement/pod-resources.ts'
import { Amounts } from './amounts.ts'
import { claimsOf } from './pod-claims.ts'

/** Which pods somebody counts. */
export interface PodSelection {
  readonly namespace: string | undefined
  readonly selector: Selector
}

export class NodeInfo {
  readonly name: string
  /** Undefined while pods are known on a node that is not: its Node object is late, or has gone before them. */
  node: Node | undefined
  labels: Readonly<Record<string, string>> = {}
  allocatable = new Amounts()
  /** What is left of it. Below zero when there is more than fits: nobody has asked us. */
  free = new Amounts()
  /** So many more pods may come, whatever they ask for. */
  freePods = 0
  isCordoned = false
  /** Those that keep pods away, and those that would rather have none. */
  hardTaints: readonly Taint[] = []
  softTaints: readonly Taint[] = []
  readonly pods = new Map<string, Pod>()
  readonly requested = new Amounts()
  /** Of cpu and memory, with the assumed amounts of pods that ask for nothing. */
  readonly nonZero = new Amounts()
  readonly usedPorts: HostPort[] = []
  /** How many of the pods use a claim, by its key. */
  readonly claims = new Map<string, number>()
  /** The few pods that care which other pods are near them. */
  readonly withAffinity = new Map<string, { pod: Pod; affinity: PodAffinity }>()
  /** Size in bytes of what lies on the node, by every name it has. */
  images: ReadonlyMap<string, number> = new Map()
  /** Worked out once: the Pod in the cache may be replaced by one that asks for something else. */
  readonly #counted = new Map<string, { resources: PodResources; ports: HostPort[] }>()
  /** What was counted last, until a pod comes or goes: pods of one owner are decided about one after the other. */
  #lastCount: { of: PodSelection; count: number } | undefined

  constructor(name: string) {
    this.name = name
  }

  setNode(node: Node | undefined): void {
    this.node = node
    this.labels = node?.metadata?.labels ?? {}
    this.allocatable = new Amounts()
    this.free = new Amounts()
    for (const [name, amount] of amountsOf(node?.status?.allocatable ?? node?.status?.capacity)) {
      this.allocatable.set(name, amount)
      this.free.set(name, amount - this.requested.get(name))
    }
    this.#countPods()
    const taints = node?.spec?.taints ?? []
    this.isCordoned = node?.spec?.unschedulable ?? false
    this.hardTaints = taints.filter(({ effect }) => effect === 'NoSchedule' || effect === 'NoExecute')
    this.softTaints = taints.filter(({ effect }) => effect === 'PreferNoSchedule')
    const images = node?.status?.images ?? []
    this.images = new Map(images.flatMap(({ names = [], sizeBytes = 0 }) => names.map((name) => [name, sizeBytes])))
  }

  /** The same node, to try what it would be like with other pods on it. */
  clone(): NodeInfo {
    const copy = new NodeInfo(this.name)
    copy.setNode(this.node)
    for (const pod of this.pods.values()) copy.addPod(pod)
    return copy
  }

  /** How many of the pods that stay are selected; quick for whoever asks with the same selection again. */
  countPods(of: PodSelection): number {
    if (this.#lastCount?.of !== of) {
      let count = 0
      for (const { metadata } of this.pods.values()) {
        if (metadata?.namespace !== of.namespace || metadata?.deletionTimestamp) continue
        if (of.selector.matches(metadata?.labels)) count++
      }
      this.#lastCount = { of, count }
    }
    return this.#lastCount.count
  }

  addPod(pod: Pod): void {
    const key = keyOf(pod)
    this.#lastCount = undefined
    if (this.pods.has(key)) this.removePod(key)
    const counted = { resources: podResources(pod), ports: hostPorts(pod) }
    this.pods.set(key, pod)
    this.#counted.set(key, counted)
    this.#count(counted.resources, 1)
    this.#countPods()
    this.usedPorts.push(...counted.ports)
    for (const claim of claimsOf(pod)) this.claims.set(claim.key, (this.claims.get(claim.key) ?? 0) + 1)
    const affinity = podAffinityOf(pod)
    if (affinity) this.withAffinity.set(key, { pod, affinity })
  }

  removePod(key: string): void {
    const counted = this.#counted.get(key)
    const pod = this.pods.get(key)
    if (!counted || !pod) return
    this.#lastCount = undefined
    for (const claim of claimsOf(pod)) {
      const left = (this.claims.get(claim.key) ?? 0) - 1
      if (left > 0) this.claims.set(claim.key, left)
      else this.claims.delete(claim.key)
    }
    this.pods.delete(key)
    this.#counted.delete(key)
    this.withAffinity.delete(key)
    this.#count(counted.resources, -1)
    this.#countPods()
    for (const port of counted.ports) this.usedPorts.splice(this.usedPorts.indexOf(port), 1)
  }

  #countPods(): void {
    this.freePods = this.allocatable.get('pods') - this.pods.size
  }

  #count({ requests, nonZeroCpu, nonZeroMemory }: PodResources, sign: 1 | -1): void {
    for (const [name, amount] of requests) {
      this.requested.add(name, sign * amount)
      this.free.set(name, this.allocatable.get(name) - this.requested.get(name))
    }
    this.nonZero.add('cpu', sign * nonZeroCpu)
    this.nonZero.add('memory', sign * nonZeroMemory)
  }
}
