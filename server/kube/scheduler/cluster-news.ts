// What happens in the cluster, and what it means here: nodes and pods go into the cache, pods without a node into the line,
// and whoever may fit now is woken. Upstream: kubernetes/pkg/scheduler/eventhandlers.go.

import type { Node, Pod } from 'kubernetes-types/core/v1'
import { deepEqual } from '../apimachinery/deep.ts'
import { keyOf, revisionOf } from '../apimachinery/object-meta.ts'
import type { Change } from '../client/shared-informer.ts'
import { declaredBy } from '../kinds/placement/declared-features.ts'
import { asksForLess } from '../kinds/placement/pod-resources.ts'
import { type ClusterEvent, hasOtherClaims, hasOtherLabels, POD_ADDED, upstreamNameOf } from './cluster-event.ts'
import { EXTENDER, mayWake } from './framework.ts'
import type { Nominator } from './nominator.ts'
import { priorityOf } from './plugins/default-preemption.ts'
import type { PodsInPreBind } from './pods-in-pre-bind.ts'
import type { Profile } from './profile.ts'
import type { SchedulerCache } from './scheduler-cache.ts'
import type { Rejected, SchedulerMetrics } from './scheduler-metrics.ts'
import type { QueuedPod, SchedulingQueue } from './scheduling-queue.ts'
import type { WaitingPods } from './waiting-pods.ts'

export interface NewsOptions {
  queue: SchedulingQueue
  cache: SchedulerCache
  nominator: Nominator
  waiting: WaitingPods
  inPreBind: PodsInPreBind
  metrics: SchedulerMetrics | undefined
  /** A pod that may not come into the line yet, and whose word that is. */
  onGated: (pod: Pod, gate: Gate) => void
  /** Undefined for pods of other schedulers. */
  profileOf: (pod: Pod) => Profile | undefined
}

export interface Gate {
  plugin: string
  message: string
}

export class ClusterNews {
  readonly #world: NewsOptions
  /** Pods that nobody looks at for the time being, by key. */
  readonly #gated = new Map<string, { pod: Pod; gate: Gate }>()

  constructor(options: NewsOptions) {
    this.#world = options
  }

  get gated(): Rejected[] {
    return Array.from(this.#gated.values(), ({ pod, gate }) => ({ pod, rejectedBy: new Set([gate.plugin]) }))
  }

  onNode(change: Change<Node>): void {
    const node = change.object
    if (change.type === 'deleted') {
      this.#world.cache.removeNode(node.metadata?.name ?? '')
      this.wake({ type: 'node-removed', node }, revisionOf(node))
      return
    }
    this.#world.cache.setNode(node)
    if (change.type === 'added') {
      this.wake({ type: 'node-added', node }, revisionOf(node))
      return
    }
    const { previous } = change
    // Heartbeats make no room.
    const matters =
      !deepEqual(node.spec, previous.spec) ||
      !deepEqual(node.metadata?.labels, previous.metadata?.labels) ||
      !deepEqual(node.status?.allocatable, previous.status?.allocatable) ||
      !deepEqual(declaredBy(node), declaredBy(previous))
    if (matters) this.wake({ type: 'node-updated', node, previous }, revisionOf(node))
  }

  onPod(change: Change<Pod>): void {
    const pod = change.object
    const previous = change.type === 'updated' ? change.previous : undefined
    const over = change.type === 'deleted' || isTerminated(pod)
    if (over) {
      this.#gone(pod, revisionOf(pod))
      return
    }
    if (pod.spec?.nodeName) {
      this.#world.nominator.delete(pod)
      this.#world.cache.confirm(pod)
      this.#world.queue.delete(pod)
      if (!previous?.spec?.nodeName) {
        this.wake({ type: 'pod-assigned', pod }, revisionOf(pod))
        return
      }
      if (hasOtherLabels(pod, previous)) this.wake({ type: 'pod-relabelled', pod, previous }, revisionOf(pod))
      if (asksForLess(pod, previous)) this.wake({ type: 'pod-scaled-down', pod, previous }, revisionOf(pod))
      return
    }
    if (this.#world.profileOf(pod) === undefined) return
    if (pod.metadata?.deletionTimestamp) {
      this.#leave(pod, revisionOf(pod))
      return
    }
    if (this.#world.cache.isAssumed(pod)) this.#world.queue.refresh(pod)
    else if (!this.#isGated(pod, previous)) this.#toQueue(pod, previous)
  }

  #toQueue(pod: Pod, previous: Pod | undefined): void {
    const { queue, nominator } = this.#world
    const before = previous?.status?.nominatedNodeName
    if (pod.status?.nominatedNodeName || before) nominator.set(pod)
    if (!previous) {
      queue.add(pod)
      return
    }
    const event: ClusterEvent = { type: 'pod-changed', pod, previous }
    // What is told of it changes with each attempt, and is no news to it.
    const matters =
      !deepEqual(pod.spec, previous.spec) || hasOtherLabels(pod, previous) || hasOtherClaims(pod, previous)
    queue.update(pod, (queued) => matters && this.#mayFit(queued, event), upstreamNameOf(event))
    if (before && before !== pod.status?.nominatedNodeName) this.#renounced(previous, revisionOf(pod))
  }

  /** What is in the line already stays there: it finds out at its turn. */
  #isGated(pod: Pod, previous: Pod | undefined): boolean {
    const key = keyOf(pod)
    const before = this.#gated.get(key)
    const gate = previous && !before ? undefined : this.#gateOf(pod)
    if (!gate) {
      this.#gated.delete(key)
      return false
    }
    if (!before) this.#world.metrics?.came('gated', POD_ADDED)
    this.#gated.set(key, { pod, gate })
    if (before?.gate.message !== gate.message) this.#world.onGated(pod, gate)
    return true
  }

  #gateOf(pod: Pod): Gate | undefined {
    const gates = pod.spec?.schedulingGates ?? []
    if (gates.length > 0) {
      const names = gates.map(({ name }) => name).join(' ')
      return { plugin: 'SchedulingGates', message: `waiting for scheduling gates: [${names}]` }
    }
    for (const { name, preEnqueue } of this.#world.profileOf(pod)?.plugins ?? []) {
      const message = preEnqueue?.(pod)
      if (message) return { plugin: name, message }
    }
    return undefined
  }

  #gone(pod: Pod, revision: number): void {
    this.#leave(pod, revision)
    this.#world.cache.remove(pod)
    if (pod.spec?.nodeName) this.wake({ type: 'pod-removed', pod }, revision)
  }

  /** It will not be scheduled any more, and what was kept for it is free: at once, though its binding may be under way. */
  #leave(pod: Pod, revision: number): void {
    const { waiting, inPreBind, nominator, queue, cache } = this.#world
    nominator.delete(pod)
    this.#gated.delete(keyOf(pod))
    queue.delete(pod)
    const waiter = waiting.get(pod.metadata?.uid)
    waiter?.reject('', 'removed')
    inPreBind.cancel(pod, 'removed')
    if (cache.isAssumed(pod)) {
      if (!waiter) cache.forget(pod)
      this.wake({ type: 'pod-removed', pod }, revision)
    } else if (pod.status?.nominatedNodeName && !pod.spec?.nodeName) this.#renounced(pod, revision)
  }

  /** To those that are no more important, a node that was promised is as good as taken. */
  #renounced(pod: Pod, revision: number): void {
    this.wake({ type: 'pod-removed', pod }, revision, priorityOf(pod))
  }

  wake(event: ClusterEvent, revision: number, mostImportant = Number.POSITIVE_INFINITY): void {
    for (const { pod, gate } of [...this.#gated.values()]) {
      const plugin = this.#world.profileOf(pod)?.plugins.find(({ name }) => name === gate.plugin)
      if (plugin && mayWake(plugin, event, pod) && !this.#isGated(pod, undefined)) this.#world.queue.add(pod)
    }
    this.#world.queue.wake(
      (queued) => priorityOf(queued.pod) <= mostImportant && this.#mayFit(queued, event),
      revision,
      upstreamNameOf(event),
    )
  }

  /** Whether those that rejected it last time may think otherwise now. */
  #mayFit({ pod, rejectedBy }: QueuedPod, event: ClusterEvent): boolean {
    if (rejectedBy.size === 0 || rejectedBy.has(EXTENDER)) return true
    const plugins = this.#world.profileOf(pod)?.plugins ?? []
    return plugins.some((plugin) => rejectedBy.has(plugin.name) && mayWake(plugin, event, pod))
  }
}

const isTerminated = (pod: Pod) => pod.status?.phase === 'Succeeded' || pod.status?.phase === 'Failed'
