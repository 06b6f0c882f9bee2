import type { Node as CoreNode } from 'kubernetes-types/core/v1'
import { addressOf, type Cidr, numberOf, parseCidr } from '../../apimachinery/ip-rules.ts'
import { keyOf } from '../../apimachinery/object-meta.ts'
import { type ClusterView, controller } from '../../client/controller-builder.ts'
import type { IndexedCache } from '../../client/indexed-cache.ts'
import type { ReconcileContext, Reconciler } from '../../client/reconcile-context.ts'
import { Node } from '../../kinds/node.ts'
import { CidrRange } from './cidr-range.ts'

const NODE_MASK_BITS = 24
const SECOND_MASK_BITS = 64
const BY_RANGE = 'podCIDR'

/** Gives each node a part of the pods' address range. Upstream: kubernetes/pkg/controller/nodeipam/ipam. */
class NodeIpamReconciler implements Reconciler {
  readonly #nodes: IndexedCache<CoreNode>
  readonly #range: CidrRange
  /** Given out and not yet in the cache, by node. */
  readonly #given = new Map<string, string>()
  /** The number after the one that was given last. */
  #next = 0

  readonly #second: Cidr | undefined

  constructor(view: ClusterView, clusterCidr: string) {
    const [first = '', second] = clusterCidr.split(',')
    this.#nodes = view.cache(Node)
    this.#nodes.addIndex(BY_RANGE, ({ spec }) => spec?.podCIDRs ?? (spec?.podCIDR ? [spec.podCIDR] : []))
    this.#range = new CidrRange(first, NODE_MASK_BITS)
    this.#second = second === undefined ? undefined : parseCidr(second)
  }

  async reconcile(context: ReconcileContext): Promise<void> {
    const { key, client, report } = context
    const node = this.#nodes.get(key)
    if (!node || node.spec?.podCIDR) {
      this.#given.delete(key)
      return
    }
    report.sees(node)
    report.wanted = 'a range of pod addresses'
    const podCIDR = this.#given.get(key) ?? this.#free()
    report.seen = podCIDR ? `${podCIDR} is free` : `all ${this.#range.size} ranges are given out`
    if (!podCIDR) {
      context.event(Node, node, 'Normal', 'CIDRNotAvailable', `Node ${key} status is now: CIDRNotAvailable`)
      return
    }
    this.#given.set(key, podCIDR)
    const patch = { metadata: { uid: node.metadata?.uid }, spec: { podCIDR, podCIDRs: this.#rangesOf(podCIDR) } }
    await client.of(Node).patch({ name: key }, 'application/merge-patch+json', patch)
    report.did.push(`gave ${podCIDR}`)
  }

  /** Of the second family the part with the same number: who has one has the other. */
  #rangesOf(podCIDR: string): string[] {
    if (!this.#second) return [podCIDR]
    const [address = ''] = podCIDR.split('/')
    const number = (numberOf(address) >> 8n) & BigInt(this.#range.size - 1)
    const first = addressOf('ipv6', numberOf(this.#second.address) + (number << BigInt(128 - SECOND_MASK_BITS)))
    return [podCIDR, `${first}/${SECOND_MASK_BITS}`]
  }

  #free(): string | undefined {
    const given = new Set(this.#given.values())
    const isHeld = (range: string) => this.#nodes.byIndex(BY_RANGE, range).length > 0
    const free = this.#range.firstFree((range) => given.has(range) || isHeld(range), this.#next)
    if (free === undefined) return undefined
    this.#next = free + 1
    return this.#range.at(free)
  }
}

const hasNone = ({ spec }: CoreNode) => !spec?.podCIDR

/** `clusterCidr`: a range of IPv4, or that and one of IPv6 with a comma between them. */
export const nodeIpamController = (clusterCidr: string) =>
  controller('node-ipam')
    .actsAs('node-controller')
    .for(Node)
    // Who found nothing left waits for a range to be given back.
    .watches(Node, ({ type }, view) => (type === 'deleted' ? view.cache(Node).list().filter(hasNone).map(keyOf) : []))
    .eventsFrom('cidrAllocator')
    // Two at once could give the same range to two nodes.
    .concurrency(1)
    .reconcileWith((view) => new NodeIpamReconciler(view, clusterCidr))
