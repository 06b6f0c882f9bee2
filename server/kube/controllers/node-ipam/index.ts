import type { Node as CoreNode } from 'kubernetes-types/core/v1'
import { type ClusterView, controller } from '../../client/controller-builder.ts'
import type { IndexedCache } from '../../client/indexed-cache.ts'
import type { ReconcileContext, Reconciler, Result } from '../../client/reconcile-context.ts'
import { Node } from '../../kinds/node.ts'
import { CidrRange } from './cidr-range.ts'

const NODE_MASK_BITS = 24
const RETRY_EXHAUSTED_MS = 10_000
const BY_RANGE = 'podCIDR'

/** Gives each node a part of the pods' address range. Upstream: kubernetes/pkg/controller/nodeipam/ipam. */
class NodeIpamReconciler implements Reconciler {
  readonly #nodes: IndexedCache<CoreNode>
  readonly #range: CidrRange
  /** Given out and not yet in the cache, by node. */
  readonly #given = new Map<string, string>()

  constructor(view: ClusterView, clusterCidr: string) {
    this.#nodes = view.cache(Node)
    this.#nodes.addIndex(BY_RANGE, ({ spec }) => spec?.podCIDRs ?? (spec?.podCIDR ? [spec.podCIDR] : []))
    this.#range = new CidrRange(clusterCidr, NODE_MASK_BITS)
  }

  async reconcile(context: ReconcileContext): Promise<Result> {
    const { key, client, report } = context
    const node = this.#nodes.get(key)
    if (!node || node.spec?.podCIDR) {
      this.#given.delete(key)
      return
    }
    report.sees(node)
    report.wanted = 'a range of pod addresses'
    const given = new Set(this.#given.values())
    const isTaken = (range: string) => given.has(range) || this.#nodes.byIndex(BY_RANGE, range).length > 0
    const podCIDR = this.#given.get(key) ?? this.#range.firstFree(isTaken)
    report.seen = podCIDR ? `${podCIDR} is free` : `all ${this.#range.size} ranges are given out`
    if (!podCIDR) {
      context.event(Node, node, 'Normal', 'CIDRNotAvailable', `Node ${key} status is now: CIDRNotAvailable`)
      return { requeueAfterMs: RETRY_EXHAUSTED_MS }
    }
    this.#given.set(key, podCIDR)
    const patch = { metadata: { uid: node.metadata?.uid }, spec: { podCIDR, podCIDRs: [podCIDR] } }
    await client.of(Node).patch({ name: key }, 'application/merge-patch+json', patch)
    report.did.push(`gave ${podCIDR}`)
  }
}

export const nodeIpamController = (clusterCidr: string) =>
  controller('node-ipam')
    .actsAs('node-controller')
    .for(Node)
    .eventsFrom('cidrAllocator')
    // Two at once could give the same range to two nodes.
    .concurrency(1)
    .reconcileWith((view) => new NodeIpamReconciler(view, clusterCidr))
