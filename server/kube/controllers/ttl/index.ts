import type { Node as WireNode } from 'kubernetes-types/core/v1'
import { keyOf } from '../../apimachinery/object-meta.ts'
import { isNotFound } from '../../apimachinery/status-error.ts'
import { type ClusterView, controller, type Enqueue } from '../../client/controller-builder.ts'
import type { IndexedCache } from '../../client/indexed-cache.ts'
import type { ReconcileContext, Reconciler } from '../../client/reconcile-context.ts'
import { Node } from '../../kinds/node.ts'

export const TTL = 'node.alpha.kubernetes.io/ttl'

/** The ranges overlap, so that a cluster that wavers about a border does not rewrite all its nodes each time. */
const SIZES = [
  { atLeast: 0, atMost: 100, seconds: 0 },
  { atLeast: 90, atMost: 500, seconds: 15 },
  { atLeast: 450, atMost: 1000, seconds: 30 },
  { atLeast: 900, atMost: 2000, seconds: 60 },
  { atLeast: 1800, atMost: Number.POSITIVE_INFINITY, seconds: 300 },
] as const

/** Which of the sizes a cluster of so many nodes has that had `step` until now. */
export function stepFor(nodes: number, step: number): number {
  let next = step
  while (nodes > (SIZES[next]?.atMost ?? nodes)) next++
  while (nodes < (SIZES[next]?.atLeast ?? 0)) next--
  return next
}

/** Tells kubelets for how long they may keep Secrets and ConfigMaps unasked. Upstream: kubernetes/pkg/controller/ttl. */
class TtlReconciler implements Reconciler {
  readonly #nodes: IndexedCache<WireNode>
  readonly #enqueue: Enqueue
  #step = 0

  constructor(view: ClusterView, enqueue: Enqueue) {
    this.#nodes = view.cache(Node)
    this.#enqueue = enqueue
  }

  async reconcile({ key, client, report }: ReconcileContext): Promise<void> {
    const { size } = this.#nodes
    const step = stepFor(size, this.#step)
    if (step !== this.#step) {
      this.#step = step
      for (const node of this.#nodes.list()) this.#enqueue(keyOf(node), node)
    }
    const node = this.#nodes.get(key)
    if (!node) return
    report.sees(node)
    const seconds = String(SIZES[step]?.seconds)
    const told = node.metadata?.annotations?.[TTL]
    report.wanted = `${seconds} s for a cluster of ${size}`
    report.seen = told === undefined ? 'nothing is told' : `${told} s`
    if (told === seconds) return
    const metadata = { annotations: { [TTL]: seconds } }
    await client
      .of(Node)
      .patch({ name: key }, 'application/strategic-merge-patch+json', { metadata })
      .catch((err) => {
        if (!isNotFound(err)) throw err
      })
    report.did.push(`told ${key} ${seconds} s`)
  }
}

const told = ({ metadata }: WireNode) => metadata?.annotations?.[TTL]

export const ttlController = controller('ttl')
  .queueNamed('ttlcontroller')
  // What a kubelet reports of its node is nothing to this loop.
  .watches(Node, (change) =>
    change.type === 'updated' && told(change.object) === told(change.previous) ? [] : [keyOf(change.object)],
  )
  .reconcileWith((view, enqueue) => new TtlReconciler(view, enqueue))
