// Watches over nodes: when a kubelet has been silent for too long, its node's state is unknown, new pods are kept
// away, Services stop sending traffic to its pods, and (by another loop) the pods are driven off.
// Upstream: kubernetes/pkg/controller/nodelifecycle/node_lifecycle_controller.go.

import type { Lease as CoordinationLease } from 'kubernetes-types/coordination/v1'
import type { Node as CoreNode, Pod as CorePod } from 'kubernetes-types/core/v1'
import { isoTime } from '../../../base/clock.ts'
import { keyOf } from '../../apimachinery/object-meta.ts'
import { isNotFound } from '../../apimachinery/status-error.ts'
import type { ClusterView, Enqueue } from '../../client/controller-builder.ts'
import type { IndexedCache, Lister } from '../../client/indexed-cache.ts'
import type { ReconcileContext, Reconciler, Result } from '../../client/reconcile-context.ts'
import type { Change } from '../../client/shared-informer.ts'
import { Lease } from '../../kinds/lease.ts'
import { Node } from '../../kinds/node.ts'
import { Pod } from '../../kinds/pod.ts'
import { conditionOf } from '../conditions.ts'
import { isReady } from '../pod-state.ts'
import { indexByNode, podsOn } from '../pods-by-node.ts'
import { type EvictionRates, EvictionZones } from './eviction-zones.ts'
import { isGivenUp, labelsFor, readinessOf, silentConditions, type TaintOptions, taintsFor } from './node-health.ts'

export interface NodeLifecycleOptions {
  gracePeriodMs: number
  /** For a node that has never reported. */
  startupGracePeriodMs: number
  monitorPeriodMs: number
  rates: EvictionRates
}

const LEASES = 'kube-node-lease'
/** Looks for nodes that have fallen silent, of which no change tells. No node is called so. */
export const PATROL = '/'

/** What was last heard of a node, and when, by our own clock: a node's clock may be wrong. */
interface Heard {
  uid: string
  renewTime: string
  heartbeat: string
  at: number
  /** Since when we know that it is not ready. */
  unreadySince?: number | undefined
}

const heartbeatOf = ({ status }: CoreNode) => conditionOf(status?.conditions, 'Ready')?.lastHeartbeatTime ?? ''

export class NodeLifecycleReconciler implements Reconciler {
  readonly #view: ClusterView
  readonly #options: NodeLifecycleOptions
  readonly #nodes: Lister<CoreNode>
  readonly #leases: Lister<CoordinationLease>
  readonly #pods: IndexedCache<CorePod>
  readonly #heard = new Map<string, Heard>()
  /** Pods that have come to a node that is not ready. */
  readonly #arrived = new Map<string, Set<string>>()
  readonly #zones: EvictionZones
  readonly #enqueue: Enqueue

  constructor(view: ClusterView, enqueue: Enqueue, options: NodeLifecycleOptions) {
    this.#view = view
    this.#enqueue = enqueue
    this.#options = options
    this.#nodes = view.cache(Node)
    this.#leases = view.cache(Lease)
    this.#pods = view.cache(Pod)
    indexByNode(this.#pods)
    this.#zones = new EvictionZones(view.clock, options.rates, view.metrics)
    view.onChange(Node, ({ type, object }) => {
      if (type === 'deleted') return this.#zones.forget(object.metadata?.name ?? '')
      this.#zones.see(object)
      const heard = this.#heard.get(keyOf(object))
      if (!heard || heard.heartbeat === heartbeatOf(object)) return
      heard.heartbeat = heartbeatOf(object)
      heard.at = view.clock.monotonic()
    })
    view.onChange(Pod, (change) => this.#noteArrival(change))
    view.onChange(Lease, ({ object: { metadata, spec } }) => {
      const heard = metadata?.namespace === LEASES ? this.#heard.get(metadata.name ?? '') : undefined
      if (!heard || heard.renewTime === (spec?.renewTime ?? '')) return
      heard.renewTime = spec?.renewTime ?? ''
      heard.at = view.clock.monotonic()
    })
  }

  #noteArrival(change: Change<CorePod>): void {
    const { object } = change
    const { nodeName = '' } = object.spec ?? {}
    if (change.type === 'deleted' || !this.#heard.has(nodeName) || !isReady(object)) return
    if (change.type === 'updated' && change.previous.spec?.nodeName === nodeName) return
    if (conditionOf(this.#nodes.get(nodeName)?.status?.conditions, 'Ready')?.status !== 'False') return
    const arrived = this.#arrived.get(nodeName) ?? new Set()
    this.#arrived.set(nodeName, arrived.add(keyOf(object)))
    this.#enqueue(nodeName, object)
  }

  async reconcile(context: ReconcileContext): Promise<Result> {
    const { key, report } = context
    if (key === PATROL) return { requeueAfterMs: this.#patrol() }
    let node = this.#nodes.get(key)
    if (!node) return this.#forget(context)
    const at = isoTime(this.#view.clock)
    const silentMs = this.#listen(context, node)
    const graceMs = this.#graceMs(node)
    report.sees(node)
    report.wanted = `a sign of life within ${graceMs / 1000} s`
    report.seen = `Ready ${readinessOf(node)}, last heard of ${Math.round(silentMs / 1000)} s ago`

    const conditions = silentMs > graceMs ? silentConditions(node, at) : undefined
    if (conditions) {
      const wasReady = readinessOf(node) === 'True'
      node = await context.client.of(Node).updateStatus({ ...node, status: { ...node.status, conditions } })
      report.did.push('marked the node Unknown')
      if (wasReady) context.event(Node, node, 'Normal', 'NodeNotReady', `Node ${key} status is now: NodeNotReady`)
      this.#zones.see(node)
    }
    await this.#taint(context, node, at)
    await this.#label(context, node)
    // Of the pods of a kubelet that speaks, it is for the kubelet to say how they are, once they are its own.
    const arrived = this.#arrived.get(key) ?? new Set()
    this.#arrived.delete(key)
    const status = conditionOf(node.status?.conditions, 'Ready')?.status
    const isSilent = status === 'Unknown'
    const concerned = isSilent ? podsOn(this.#pods, key) : [...arrived].flatMap((pod) => this.#pods.get(pod) ?? [])
    if (status !== undefined && status !== 'True') await this.#markPodsNotReady(context, concerned, at)
    // What becomes of a node that is well is for it to say, or for the patrol; of one that is not, for others as well.
    if (readinessOf(node) === 'True' || !conditionOf(node.status?.conditions, 'Ready')) return undefined
    const { monitorPeriodMs } = this.#options
    const turnMs = (!isGivenUp(node) && this.#zones.intervalMs(node)) || monitorPeriodMs
    return { requeueAfterMs: Math.min(turnMs, monitorPeriodMs) }
  }

  /** Says when the next node will have been silent for too long, if nothing is heard of it until then. */
  #patrol(): number {
    const now = this.#view.clock.monotonic()
    let soonest = Math.min(this.#options.gracePeriodMs, this.#options.startupGracePeriodMs)
    for (const node of this.#nodes.list()) {
      const heard = this.#heard.get(keyOf(node))
      if (!heard || (readinessOf(node) === 'Unknown' && conditionOf(node.status?.conditions, 'Ready'))) continue
      const leftMs = heard.at + this.#graceMs(node) - now
      if (leftMs < 0) this.#enqueue(keyOf(node), node)
      else soonest = Math.min(soonest, leftMs)
    }
    return soonest + 1
  }

  #graceMs({ status }: CoreNode): number {
    const { gracePeriodMs, startupGracePeriodMs } = this.#options
    return conditionOf(status?.conditions, 'Ready') ? gracePeriodMs : startupGracePeriodMs
  }

  #forget(context: ReconcileContext): void {
    const heard = this.#heard.get(context.key)
    this.#heard.delete(context.key)
    this.#arrived.delete(context.key)
    if (!heard) return
    const about = { metadata: { name: context.key, uid: heard.uid } }
    const message = `Node ${context.key} event: Removing Node ${context.key} from Controller`
    context.event(Node, about, 'Normal', 'RemovingNode', message)
  }

  /** For how long nothing has been heard of the node. */
  #listen(context: ReconcileContext, node: CoreNode): number {
    const { key } = context
    const uid = node.metadata?.uid ?? ''
    const now = this.#view.clock.monotonic()
    const renewTime = this.#leases.get(`${LEASES}/${key}`)?.spec?.renewTime ?? ''
    const heartbeat = heartbeatOf(node)
    const known = this.#heard.get(key)
    const isReady = readinessOf(node) === 'True'
    if (known) known.unreadySince = isReady ? undefined : (known.unreadySince ?? now)
    if (known?.uid === uid && known.renewTime === renewTime && known.heartbeat === heartbeat) return now - known.at
    if (known?.uid !== uid) {
      const message = `Node ${key} event: Registered Node ${key} in Controller`
      context.event(Node, node, 'Normal', 'RegisteredNode', message)
    }
    const unreadySince = isReady ? undefined : ((known?.uid === uid ? known.unreadySince : undefined) ?? now)
    // Who has never spoken has been silent since it was made, however long we have been looking.
    const ageMs = this.#view.clock.now() - Date.parse(node.metadata?.creationTimestamp ?? '')
    const silentMs = renewTime || heartbeat || !(ageMs > 0) ? 0 : ageMs
    this.#heard.set(key, { uid, renewTime, heartbeat, at: now - silentMs, unreadySince })
    return silentMs
  }

  async #taint({ client, report }: ReconcileContext, node: CoreNode, at: string): Promise<void> {
    const taints = taintsFor(node, { at, drivesOff: this.#drivesOff(node) })
    if (!taints) return
    await client.of(Node).patch({ name: node.metadata?.name ?? '' }, 'application/merge-patch+json', {
      metadata: { resourceVersion: node.metadata?.resourceVersion },
      spec: { taints },
    })
    report.did.push(`taints: ${taints.map(({ key, effect }) => `${key}:${effect}`).join(', ') || 'none'}`)
  }

  async #label({ client, report }: ReconcileContext, node: CoreNode): Promise<void> {
    const labels = labelsFor(node)
    if (!labels) return
    const { name = '', uid } = node.metadata ?? {}
    await client.of(Node).patch({ name }, 'application/merge-patch+json', { metadata: { uid, labels } })
    report.did.push(`labels: ${Object.keys(labels).join(', ')}`)
  }

  #drivesOff(node: CoreNode): TaintOptions['drivesOff'] {
    if (this.#zones.isAllDown) return 'no'
    if (readinessOf(node) === 'True' || isGivenUp(node)) return 'not yet'
    // All others are looked at once more first: whether it is this node that is ill, or its zone, shows only then.
    const { unreadySince = 0 } = this.#heard.get(node.metadata?.name ?? '') ?? {}
    if (this.#view.clock.monotonic() - unreadySince < this.#options.monitorPeriodMs) return 'not yet'
    return this.#zones.tryGiveUp(node) ? 'yes' : 'not yet'
  }

  /** So that Services take them out: nobody there can say so any more. */
  async #markPodsNotReady(context: ReconcileContext, pods: readonly CorePod[], at: string): Promise<void> {
    for (const pod of pods.filter(isReady)) {
      const { namespace = '', name = '', uid } = pod.metadata ?? {}
      const conditions = [{ type: 'Ready', status: 'False', lastTransitionTime: at }]
      try {
        await context.client
          .of(Pod)
          .patch(
            { namespace, name },
            'application/strategic-merge-patch+json',
            { metadata: { uid }, status: { conditions } },
            { subresource: 'status' },
          )
      } catch (err) {
        if (!isNotFound(err)) throw err
        continue
      }
      context.event(Pod, pod, 'Warning', 'NodeNotReady', 'Node is not ready')
      context.report.did.push(`marked ${keyOf(pod)} not ready`)
    }
  }
}
