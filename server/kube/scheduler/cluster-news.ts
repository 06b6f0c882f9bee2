// What happens in the cluster, and what it means here: nodes and pods go into the cache, pods without a node into the line,
// and whoever may fit now is woken. Upstream: kubernetes/pkg/scheduler/eventhandlers.go.

import type { Node, Pod } from 'kubernetes-types/core/v1'
import { deepEqual } from '../apimachinery/deep.ts'
import { keyOf, revisionOf } from '../apimachinery/object-meta.ts'
import type { Change } from '../client/shared-informer.ts'
import { asksForLess } from '../kinds/placement/pod-resources.ts'
import { type ClusterEvent, EXTENDER, mayWake } from './framework.ts'
import type { Nominator } from './nominator.ts'
import type { Profile } from './profile.ts'
import type { SchedulerCache } from './scheduler-cache.ts'
import { type SchedulerMetrics, UPSTREAM_NAMES } from './scheduler-metrics.ts'
import type { SchedulingQueue } from './scheduling-queue.ts'
import type { WaitingPods } from './waiting-pods.ts'

export interface NewsOptions {
  queue: SchedulingQueue
  cache: SchedulerCache
  nominator: Nominator
  waiting: WaitingPods
  metrics: SchedulerMetrics | undefined
  /** Undefined for pods of other schedulers. */
  profileOf: (pod: Pod) => Profile | undefined
}

export class ClusterNews {
  readonly #world: NewsOptions
  /** Keys of pods that nobody may look at before their gates are gone. */
  readonly #gated = new Set<string>()

  constructor(options: NewsOptions) {
    this.#world = options
  }

  get gated(): number {
    return this.#gated.size
  }

  onNode(change: Change<Node>): void {
    const node = change.object
    if (change.type === 'deleted') {
      this.#world.cache.removeNode(node.metadata?.name ?? '')
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
      !deepEqual(node.status?.allocatable, previous.status?.allocatable)
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
      if (!previous?.spec?.nodeName) this.wake({ type: 'pod-assigned', pod }, revisionOf(pod))
      else if (asksForLess(pod, previous)) this.wake({ type: 'pod-scaled-down', pod }, revisionOf(pod))
      return
    }
    if (this.#world.profileOf(pod) === undefined) return
    if (pod.spec?.schedulingGates?.length) {
      if (!this.#gated.has(keyOf(pod))) this.#world.metrics?.came('gated', 'PodAdd')
      this.#gated.add(keyOf(pod))
      return
    }
    this.#gated.delete(keyOf(pod))
    if (pod.metadata?.deletionTimestamp) {
      this.#world.waiting.get(pod.metadata.uid)?.reject('', 'removed')
      this.#world.nominator.delete(pod)
      this.#world.queue.delete(pod)
      return
    }
    if (this.#world.cache.isAssumed(pod)) return
    const hadNode = previous?.status?.nominatedNodeName
    if (pod.status?.nominatedNodeName || hadNode) this.#world.nominator.set(pod)
    if (!previous) {
      this.#world.queue.add(pod)
      return
    }
    const mayFit =
      !deepEqual(pod.spec, previous.spec) ||
      !deepEqual(pod.metadata?.labels, previous.metadata?.labels) ||
      (!!hadNode && !pod.status?.nominatedNodeName)
    this.#world.queue.update(pod, { mayFit })
  }

  #gone(pod: Pod, revision: number): void {
    this.#world.waiting.get(pod.metadata?.uid)?.reject('', 'removed')
    this.#world.nominator.delete(pod)
    this.#gated.delete(keyOf(pod))
    this.#world.queue.delete(pod)
    this.#world.cache.remove(pod)
    if (pod.spec?.nodeName) this.wake({ type: 'pod-removed', pod }, revision)
  }

  wake(event: ClusterEvent, revision: number): void {
    this.#world.queue.wake(
      ({ pod, rejectedBy }) =>
        rejectedBy.size === 0 ||
        rejectedBy.has(EXTENDER) ||
        this.#world
          .profileOf(pod)
          ?.plugins.some((plugin) => rejectedBy.has(plugin.name) && mayWake(plugin, event, pod)) === true,
      revision,
      UPSTREAM_NAMES[event.type],
    )
  }
}

const isTerminated = (pod: Pod) => pod.status?.phase === 'Succeeded' || pod.status?.phase === 'Failed'
