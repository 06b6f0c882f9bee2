import type { Node as CoreNode } from 'kubernetes-types/core/v1'
import { keyOf } from '../../apimachinery/object-meta.ts'
import { type ClusterView, controller } from '../../client/controller-builder.ts'
import type { IndexedCache } from '../../client/indexed-cache.ts'
import type { ReconcileContext, Reconciler } from '../../client/reconcile-context.ts'
import { Node } from '../../kinds/node.ts'
import { CidrRange } from './cidr-range.ts'

const MASK_BITS = { IPv4: 24, IPv6: 64 }
const BY_RANGE = 'podCIDR'

/** Gives each node a part of the pods' address range. Upstream: kubernetes/pkg/controller/nodeipam/ipam. */
class NodeIpamReconciler implements Reconciler {
  readonly #nodes: IndexedCache<CoreNode>
  /** One of each family: a node has the part with the same number of each. */
  readonly #ranges: CidrRange[]
  /** Given out and not yet in the cache, by node. */
  readonly #given = new Map<string, string[]>()
  /** The number after the one that was given last. */
  #next = 0

  constructor(view: ClusterView, clusterCidr: string) {
    this.#nodes = view.cache(Node)
    this.#nodes.addIndex(BY_RANGE, ({ spec }) => spec?.podCIDRs ?? (spec?.podCIDR ? [spec.podCIDR] : []))
    this.#ranges = clusterCidr
      .split(',')
      .map((cidr) => new CidrRange(cidr, cidr.includes(':') ? MASK_BITS.IPv6 : MASK_BITS.IPv4))
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
    const podCIDRs = this.#given.get(key) ?? this.#free()
    const [podCIDR] = podCIDRs ?? []
    report.seen = podCIDR ? `${podCIDR} is free` : `all ${this.#ranges[0]?.size} ranges are given out`
    if (!podCIDRs) {
      context.event(Node, node, 'Normal', 'CIDRNotAvailable', `Node ${key} status is now: CIDRNotAvailable`)
      return
    }
    this.#given.set(key, podCIDRs)
    const patch = { metadata: { uid: node.metadata?.uid }, spec: { podCIDR, podCIDRs } }
    await client.of(Node).patch({ name: key }, 'application/merge-patch+json', patch)
    report.did.push(`gave ${podCIDR}`)
  }

  #free(): string[] | undefined {
    const [range] = this.#ranges
    const given = new Set([...this.#given.values()].map(([first]) => first))
    const isHeld = (part: string) => this.#nodes.byIndex(BY_RANGE, part).length > 0
    const free = range?.firstFree((part) => given.has(part) || isHeld(part), this.#next)
    if (free === undefined) return undefined
    this.#next = free + 1
    return this.#ranges.map((one) => one.at(free))
  }
}

const hasNone = ({ spec }: CoreNode) => !spec?.podCIDR

/** `clusterCidr`: a range, or one of each family with a comma between them. */
export const nodeIpamController = (clusterCidr: string) =>
  controller('node-ipam')
    .actsAs('node-controller')
    // What is reported of a node that has its range is nothing to this loop.
    .watches(Node, (change) =>
      change.type === 'updated' && !hasNone(change.object) && !hasNone(change.previous) ? [] : [keyOf(change.object)],
    )
    // Who found nothing left waits for a range to be given back.
    .watches(Node, ({ type }, view) => (type === 'deleted' ? view.cache(Node).list().filter(hasNone).map(keyOf) : []))
    .eventsFrom('cidrAllocator')
    // Two at once could give the same range to two nodes.
    .concurrency(1)
    .reconcileWith((view) => new NodeIpamReconciler(view, clusterCidr))
