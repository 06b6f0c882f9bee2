// Who may run on this node: a pod that is new here is taken on, turned away, or, being critical, makes others go.
// Upstream: pkg/kubelet/allocation (canAdmitPod), pkg/kubelet/lifecycle/predicate.go, pkg/kubelet/preemption.

import type { Node, Pod } from 'kubernetes-types/core/v1'
import type { Clock } from '../../base/clock.ts'
import type { Logger } from '../../base/logger.ts'
import type { Counter, Metrics } from '../../base/metrics.ts'
import { isOfNode, type Rejection, type Shortage, shortages, shortOf, unfitness } from './admission.ts'
import { isCritical } from './eviction/ranking.ts'
import type { KubeletEvents } from './kubelet-events.ts'
import type { PodWorker } from './pod-worker.ts'
import { podsToPreempt } from './preemption.ts'

export interface PodAdmissionOptions {
  /** The machine as a whole, or what the pod wants done, speaks against it. */
  refuse(pod: Pod): Rejection | undefined
  /** As last heard of. */
  node(): Node
  /** As it is now. */
  askForNode(): Promise<Node>
  allocatable: Record<string, string>
  workers: ReadonlyMap<string, PodWorker>
  /** Of this node, as granted. */
  othersThan(pod: Pod): Pod[]
  isStatic(pod: Pod): boolean
  events: KubeletEvents
  clock: Clock
  logger: Logger
  metrics: Metrics
}

interface Objections {
  short: Shortage[]
  unfit: Rejection[]
}

const PREEMPTED = 'Preempted in order to admit critical pod'
const DISRUPTED = 'Pod was preempted by Kubelet to accommodate a critical pod.'
/** Somebody who does not end must not keep a critical pod from running. */
const LEAST_PATIENCE_SECONDS = 10

export class PodAdmission {
  readonly #options: PodAdmissionOptions
  readonly #rejected: Counter
  readonly #preempted: Counter

  constructor(options: PodAdmissionOptions) {
    this.#options = options
    this.#rejected = options.metrics.counter(
      'kubelet_admission_rejections_total',
      'Cumulative number pod admission rejections by the Kubelet.',
    )
    this.#preempted = options.metrics.counter(
      'kubelet_preemptions',
      'Cumulative number of pod preemptions by preemption resource',
    )
  }

  /** Wakes the pod's worker, at once or when it is known that it may run. */
  take(worker: PodWorker): void {
    const { refuse, node, askForNode } = this.#options
    const refused = refuse(worker.pod)
    if (refused) {
      this.#turnAway(worker, refused)
      return
    }
    const found = this.#objections(worker, node())
    const mayBeOld = found.short.length === 0 && found.unfit.length > 0 && found.unfit.every(isOfNode)
    if (!mayBeOld) {
      this.#settle(worker, found)
      return
    }
    // The scheduler may have heard sooner what the node's labels and taints are now.
    const asked = askForNode().then(
      (fresh) => this.#objections(worker, fresh),
      () => found,
    )
    worker.hold(asked.then((answer) => this.#settle(worker, answer)))
  }

  #objections({ pod }: PodWorker, node: Node): Objections {
    const { allocatable, othersThan, isStatic } = this.#options
    const others = othersThan(pod)
    return {
      short: shortages(pod, others, { ...node.status?.allocatable, ...allocatable }),
      unfit: unfitness(pod, others, node, { isStatic: isStatic(pod) }),
    }
  }

  #settle(worker: PodWorker, { short, unfit }: Objections): void {
    const [lacking] = short
    const isPreempting = lacking && isCritical(worker.pod)
    const objection = lacking && !isPreempting ? shortOf(lacking) : unfit[0]
    if (worker.isTerminating) worker.wake()
    else if (objection) this.#turnAway(worker, objection)
    else if (isPreempting) this.#makeWay(worker, short)
    else worker.wake()
  }

  #makeWay(worker: PodWorker, short: Shortage[]): void {
    const { othersThan, workers, logger } = this.#options
    try {
      const victims = podsToPreempt(worker.pod, othersThan(worker.pod), short)
      logger.warn('pods end so that a critical one can run', { pods: victims.map(({ metadata }) => metadata?.name) })
      this.#preempted.add({ preemption_signal: short[0]?.resource ?? '' }, victims.length)
      const ended = victims.map((pod) => this.#preempt(workers.get(pod.metadata?.uid ?? ''), pod))
      worker.hold(Promise.all(ended))
      worker.wake()
    } catch (err) {
      const why = `Unexpected error while attempting to recover from admission failure: ${(err as Error).message}`
      this.#turnAway(worker, { reason: 'UnexpectedAdmissionError', message: why })
    }
  }

  async #preempt(worker: PodWorker | undefined, pod: Pod): Promise<void> {
    const { events, clock } = this.#options
    events.pod(pod, 'Warning', 'Preempting', PREEMPTED)
    const condition = { type: 'DisruptionTarget', status: 'True', reason: 'TerminationByKubelet', message: DISRUPTED }
    const graceSeconds = Number(pod.spec?.terminationGracePeriodSeconds ?? 30)
    worker?.end({ reason: 'Preempting', message: PREEMPTED, condition }, graceSeconds)
    const patience = Math.max(LEAST_PATIENCE_SECONDS, graceSeconds * 1.5)
    await Promise.race([worker?.over, clock.sleep(patience * 1000)])
  }

  #turnAway(worker: PodWorker, { reason, message }: Rejection): void {
    this.#rejected.add({ reason: countedReason(reason) })
    this.#options.events.pod(worker.pod, 'Warning', reason, message)
    worker.end({ reason, message: `Pod was rejected: ${message}`, isRejection: true }, 0)
  }
}

/** Those of the rest are too many to be counted one by one, or of anybody's making. Upstream: recordAdmissionRejection. */
function countedReason(reason: string): string {
  if (COUNTED.has(reason)) return reason
  return reason.startsWith('OutOf') ? 'OutOfExtendedResources' : 'Other'
}

const COUNTED: ReadonlySet<string> = new Set([
  'AppArmor',
  'PodOSSelectorNodeLabelDoesNotMatch',
  'PodOSNotSupported',
  'SupplementalGroupsPolicyNotSupported',
  'UnexpectedAdmissionError',
  'OutOfcpu',
  'OutOfmemory',
  'OutOfephemeral-storage',
  'OutOfpods',
  'PodLevelResourcesNotSupported',
  'PodFeatureUnsupported',
  'TaintToleration',
  'Evicted',
  'SysctlForbidden',
  'NodeShutdown',
])
