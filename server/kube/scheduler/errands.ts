// What follows from a decision, told to the API server beside the next decisions: a pod is bound to its node, or it is
// said why it fits nowhere, and room is made if pods of lower priority can give it.
// Upstream: bindingCycle and handleSchedulingFailure in kubernetes/pkg/scheduler/schedule_one.go.

import type { Pod as CorePod } from 'kubernetes-types/core/v1'
import type { Clock } from '../../base/clock.ts'
import type { Logger } from '../../base/logger.ts'
import { keyOf } from '../apimachinery/object-meta.ts'
import { isNotFound } from '../apimachinery/status-error.ts'
import type { Client } from '../client/client.ts'
import type { EventRecorder } from '../client/event-recorder.ts'
import { atRevision } from '../client/reconcile-context.ts'
import { Pod } from '../kinds/pod.ts'
import type { Decision } from './cycle.ts'
import type { Extender } from './extenders/extender.ts'
import { fitMessage } from './fit-error.ts'
import type { CycleState, NodeRejection, Plugin, Preemption } from './framework.ts'
import { isBoundAfterAll, isKnown } from './lost-answer.ts'
import { makeRoom } from './make-room.ts'
import type { Nominator } from './nominator.ts'
import { BECAUSE } from './plugins/default-binder.ts'
import { DEFAULT_PREEMPTION, priorityOf } from './plugins/default-preemption.ts'
import { type NotScheduled, patchStatus, tellNotScheduled } from './pod-status.ts'
import type { PodsInPreBind } from './pods-in-pre-bind.ts'
import type { Profile } from './profile.ts'
import type { SchedulerCache } from './scheduler-cache.ts'
import type { SchedulerMetrics } from './scheduler-metrics.ts'
import type { QueuedPod, SchedulingQueue } from './scheduling-queue.ts'
import { type StageWatch, statusOf } from './stage-watch.ts'
import type { WaitingPods } from './waiting-pods.ts'

export interface RunningProfile extends Profile {
  /** Events come from the profile that decided. */
  recorder: EventRecorder
  /** The same plug-ins with a watch on each, for a cycle now and then. */
  timed: readonly Plugin[]
  watch: StageWatch
}

export interface ErrandOptions {
  client: Client
  clock: Clock
  logger: Logger
  queue: SchedulingQueue
  cache: SchedulerCache
  nominator: Nominator
  waiting: WaitingPods
  inPreBind: PodsInPreBind
  extenders: readonly Extender[]
  metrics: SchedulerMetrics | undefined
  isStopped: () => boolean
  /** A pod that had been counted on a node is not there after all: others may have room now. */
  onForgotten: (pod: CorePod) => void
}

/** Of an Event. */
const LONGEST_NOTE = 1024
const CUT = ' ...'

/** What binding needs of a decision. The scores of all nodes are not held until it is done. */
interface Chosen {
  state: CycleState
  chosen: string
  startedAt: number
}

export class Errands {
  readonly #options: ErrandOptions
  readonly #underWay = new Set<Promise<void>>()

  constructor(options: ErrandOptions) {
    this.#options = options
  }

  get count(): number {
    return this.#underWay.size
  }

  async settled(): Promise<void> {
    await Promise.all(this.#underWay)
  }

  bind(queued: QueuedPod, profile: RunningProfile, decision: Chosen): void {
    const { cache, nominator } = this.#options
    const { chosen, state } = decision
    state.set(BECAUSE, queued.because)
    cache.assume(queued.pod, chosen)
    nominator.delete(queued.pod)
    profile.watch('Reserve', () => {
      for (const plugin of profile.plugins) plugin.reserve?.(state, queued.pod, chosen)
    })
    this.#track(this.#bind(queued, profile, decision))
  }

  /** The pod fits nowhere; what the decision says of others that could go is done. */
  refuse(queued: QueuedPod, profile: RunningProfile, decision: Decision): void {
    const { queue, nominator, metrics } = this.#options
    const { message = '', rejectedBy, postFilter } = decision
    const { preemption, errand } = postFilter ?? {}
    // Where nobody was asked to make room, nothing speaks for the node any more.
    const clearsNomination = postFilter ? postFilter.clearsNomination : true
    const { pod } = queued
    if (postFilter && profile.plugins.some(({ name }) => name === DEFAULT_PREEMPTION)) metrics?.triedToPreempt()
    queue.putAside(queued, rejectedBy)
    if (preemption) nominator.set(pod, preemption.node)
    else if (clearsNomination) nominator.delete(pod)
    const nominatedNodeName = preemption ? preemption.node : clearsNomination ? null : undefined
    this.#tell(queued, profile, { reason: 'Unschedulable', message, nominatedNodeName })
    if (preemption) this.#track(this.#makeRoom(queued, profile, preemption))
    if (errand)
      this.#track(errand().catch((err: unknown) => this.#options.logger.debug('not done', { pod: queued.key, err })))
  }

  /** Something went wrong that says nothing of the nodes: it is tried again. */
  fail(queued: QueuedPod, profile: RunningProfile, err: unknown): void {
    const { queue, nominator } = this.#options
    queue.putBack(queued)
    nominator.delete(queued.pod)
    const message = err instanceof Error ? err.message : String(err)
    this.#tell(queued, profile, { reason: 'SchedulerError', message, nominatedNodeName: null })
  }

  #tell(queued: QueuedPod, profile: RunningProfile, told: NotScheduled): void {
    const { client, clock, logger } = this.#options
    const { pod, because, key } = queued
    record(queued, profile, 'Warning', 'FailedScheduling', shortened(told.message))
    this.#track(
      tellNotScheduled(pod, told, { client, clock, because }).catch((err: unknown) => {
        if (!isNotFound(err)) logger.debug('condition not written', { pod: key, err })
      }),
    )
  }

  #track(work: Promise<void>): void {
    const tracked = work.finally(() => this.#underWay.delete(tracked))
    this.#underWay.add(tracked)
  }

  async #bind(queued: QueuedPod, profile: RunningProfile, { state, chosen, startedAt }: Chosen): Promise<void> {
    const { queue, metrics, logger, isStopped, inPreBind } = this.#options
    const { schedulerName } = profile
    const { pod, key } = queued
    try {
      const rejection = await this.#permit(queued, profile, { state, chosen })
      if (rejection) {
        if (isStopped()) return
        metrics?.attempted(queued, schedulerName, 'unschedulable', startedAt)
        // First: that its own room is free again is no news to it.
        queue.putAside(queued, new Set([rejection.plugin]))
        this.#takeBack(pod, profile, { state, chosen })
        const message = fitMessage(1, { byNode: new Map([[chosen, rejection]]) })
        this.#tell(queued, profile, { reason: 'Unschedulable', message, nominatedNodeName: null })
        return
      }
      queue.settled(queued)
      await profile.watch('PreBind', () =>
        inPreBind.run(pod, (signal) => preBind(pod, profile, { state, chosen, signal })),
      )
      try {
        await profile.watch('Bind', () => this.#bindBy(pod, profile, { state, chosen }))
      } catch (err) {
        if (isKnown(err) || !(await isBoundAfterAll(pod, chosen, this.#options))) throw err
      }
      queue.done(queued)
      metrics?.attempted(queued, schedulerName, 'scheduled', startedAt)
      record(queued, profile, 'Normal', 'Scheduled', `Successfully assigned ${key} to ${chosen}`)
    } catch (err) {
      if (isStopped()) return
      this.#takeBack(pod, profile, { state, chosen })
      metrics?.attempted(queued, schedulerName, 'error', startedAt)
      if (isNotFound(err)) return queue.done(queued)
      logger.warn('binding failed, will be tried again', { pod: key, node: chosen, err })
      this.fail(queued, profile, err)
    }
  }

  async #permit(
    queued: QueuedPod,
    { plugins, watch }: RunningProfile,
    { state, chosen }: Pick<Chosen, 'state' | 'chosen'>,
  ): Promise<NodeRejection | undefined> {
    const { pod } = queued
    const waits = new Map<string, number>()
    const ask = (): NodeRejection | undefined => {
      for (const { name, permit } of plugins) {
        const answer = permit?.(state, pod, chosen)
        if (answer && 'reasons' in answer) return { ...answer, plugin: name }
        if (answer) waits.set(name, answer.waitMs)
      }
      return undefined
    }
    const rejection = watch('Permit', ask, (refused) => (!refused && waits.size > 0 ? 'Wait' : statusOf(refused)))
    if (rejection) return rejection
    const leave = waits.size > 0 ? this.#options.waiting.wait(pod, chosen, waits) : undefined
    if (leave || plugins.some(({ preBind, preBindPreFlight }) => preBind && !preBindPreFlight?.(state, pod, chosen))) {
      await this.#nominate(queued, chosen)
    }
    return leave
  }

  /** Whoever removes nodes, or schedules after us, is told where the pod is going while it is not bound yet. */
  async #nominate({ pod, because, key }: QueuedPod, node: string): Promise<void> {
    const { client, clock, queue, logger } = this.#options
    if (pod.status?.nominatedNodeName === node) return
    try {
      queue.refresh(await patchStatus(pod, { nominatedNodeName: node }, { client, clock, because }))
    } catch (err) {
      logger.debug('nominated node not written', { pod: key, node, err })
    }
  }

  /** An extender that binds goes before all plug-ins. */
  async #bindBy(pod: CorePod, profile: RunningProfile, { state, chosen }: Pick<Chosen, 'state' | 'chosen'>) {
    const binder = this.#options.extenders.find((extender) => extender.binds && extender.isInterestedIn(pod))
    if (binder) {
      try {
        return await binder.bind(pod, chosen)
      } catch (err) {
        if (!binder.isIgnorable) throw err
      }
    }
    for (const plugin of profile.plugins) if (await plugin.bind?.(state, pod, chosen)) return
  }

  #takeBack(pod: CorePod, { plugins }: RunningProfile, { state, chosen }: Pick<Chosen, 'state' | 'chosen'>): void {
    const { cache, onForgotten, logger } = this.#options
    for (const plugin of [...plugins].reverse()) {
      const undone = plugin.unreserve?.(state, pod, chosen)
      if (undone) this.#track(undone.catch((err: unknown) => logger.debug('not undone', { pod: keyOf(pod), err })))
    }
    if (!cache.isAssumed(pod)) return
    cache.forget(pod)
    onForgotten(pod)
  }

  async #makeRoom(queued: QueuedPod, { recorder }: RunningProfile, preemption: Preemption): Promise<void> {
    const { client, clock, logger, queue, nominator, waiting, inPreBind, metrics } = this.#options
    const { pod, because } = queued
    const leaving = ({ metadata }: CorePod) => metadata?.deletionTimestamp !== undefined
    if (preemption.victims.every(leaving)) return
    metrics?.preempted(preemption.victims.length)
    const release = queue.detain(queued)
    const losers = nominator.on(preemption.node).filter((other) => priorityOf(other) < priorityOf(pod))
    for (const loser of losers) nominator.delete(loser)
    try {
      await makeRoom(pod, preemption, { client, clock, recorder, because, losers, waiting, inPreBind })
    } catch (err) {
      logger.warn('preemption failed, will be tried again', { pod: queued.key, node: preemption.node, err })
      delete queued.detained
      queue.activate(pod)
      return
    }
    release()
  }
}

/** What is not there is something that the pod needs; the pod itself is tried again. */
async function preBind(
  pod: CorePod,
  { plugins }: RunningProfile,
  { state, chosen, signal }: Pick<Chosen, 'state' | 'chosen'> & { signal: AbortSignal },
): Promise<void> {
  for (const plugin of plugins) {
    try {
      await plugin.preBind?.(state, pod, chosen, signal)
    } catch (err) {
      throw new Error(`running PreBind plugin "${plugin.name}": ${(err as Error).message}`, { cause: err })
    }
  }
}

/** The condition has all of it. */
const shortened = (message: string) =>
  message.length <= LONGEST_NOTE ? message : `${message.slice(0, LONGEST_NOTE - CUT.length)}${CUT}`

function record(
  { pod, because }: QueuedPod,
  { recorder }: RunningProfile,
  type: 'Normal' | 'Warning',
  reason: string,
  message: string,
): void {
  const why = atRevision(because)
  recorder.record({ about: pod, kind: Pod, type, reason, message, ...(why ? { because: why } : {}) })
}
