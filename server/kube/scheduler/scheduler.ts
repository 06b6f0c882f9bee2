// Takes pods without a node out of the queue, one after the other, and finds each its place. Decisions are made one
// at a time and at once; telling the API server about them goes on beside the next decision.
// Upstream: kubernetes/pkg/scheduler/{scheduler,schedule_one,eventhandlers}.go.

import type { Pod as CorePod } from 'kubernetes-types/core/v1'
import type { Clock } from '../../base/clock.ts'
import type { Logger } from '../../base/logger.ts'
import type { Metrics } from '../../base/metrics.ts'
import type { Trace } from '../../base/trace.ts'
import type { Client } from '../client/client.ts'
import { EventRecorder } from '../client/event-recorder.ts'
import type { LoopGate } from '../client/loop-gate.ts'
import { LoopTracer } from '../client/loop-tracer.ts'
import { SharedInformer } from '../client/shared-informer.ts'
import { CSIDriver } from '../kinds/csi-driver.ts'
import { CSINode } from '../kinds/csi-node.ts'
import { CSIStorageCapacity } from '../kinds/csi-storage-capacity.ts'
import type { Kind } from '../kinds/define-kind.ts'
import { DeviceClass } from '../kinds/device-class.ts'
import { Namespace } from '../kinds/namespace.ts'
import { Node } from '../kinds/node.ts'
import { PersistentVolume } from '../kinds/persistent-volume.ts'
import { PersistentVolumeClaim } from '../kinds/persistent-volume-claim.ts'
import { Pod } from '../kinds/pod.ts'
import { PodDisruptionBudget } from '../kinds/pod-disruption-budget.ts'
import { ReplicaSet } from '../kinds/replica-set.ts'
import { ResourceClaim } from '../kinds/resource-claim.ts'
import { ResourceSlice } from '../kinds/resource-slice.ts'
import { Service } from '../kinds/service.ts'
import { StorageClass } from '../kinds/storage-class.ts'
import { VolumeAttachment } from '../kinds/volume-attachment.ts'
import { ClusterNews } from './cluster-news.ts'
import { type Decision, decide } from './cycle.ts'
import { defaultSpreading } from './default-spreading.ts'
import { DeviceView } from './devices/device-view.ts'
import { Errands, type RunningProfile } from './errands.ts'
import { explain, explainGate } from './explain.ts'
import { decideWithExtenders } from './extenders/extended-cycle.ts'
import { type Extender, openExtenders } from './extenders/extender.ts'
import { NodeUsage } from './node-usage.ts'
import { Nominator } from './nominator.ts'
import type { MakePlugin } from './own-plugin.ts'
import { priorityOf } from './plugins/default-preemption.ts'
import { defaultPlugins } from './plugins/index.ts'
import { PodsInPreBind } from './pods-in-pre-bind.ts'
import { buildProfile } from './profile.ts'
import { SchedulerCache } from './scheduler-cache.ts'
import { DEFAULT_CONFIGURATION, type SchedulerConfiguration } from './scheduler-configuration.ts'
import { SchedulerMetrics } from './scheduler-metrics.ts'
import { type QueuedPod, SchedulingQueue } from './scheduling-queue.ts'
import { unwatched } from './stage-watch.ts'
import { StorageView } from './storage-view.ts'
import { timedPlugins } from './timed-plugins.ts'
import { WaitingPods } from './waiting-pods.ts'

export interface SchedulerOptions {
  client: Client
  clock: Clock
  logger: Logger
  trace: Trace
  random: () => number
  /** Profiles and their plug-ins; one profile, `default-scheduler`, unless told. */
  configuration?: SchedulerConfiguration
  /** Beside those that are here anyway. */
  ownPlugins?: readonly MakePlugin[]
  /** As its requests are named. */
  clientName?: string
  metrics?: Metrics
  gate?: LoopGate
}

export interface RunningScheduler extends AsyncDisposable {
  readonly ready: Promise<void>
  /**
   * No pod is in line and no binding is on its way; pods that fit nowhere, wait out their back-off, for others to see to
   * their storage or for a plug-in's leave do not count.
   */
  idle(): boolean
}

export function runScheduler(options: SchedulerOptions): RunningScheduler {
  return new Scheduler(options)
}

/** So many decisions between two looks at what else there is to do in this process. */
const DECISIONS_PER_BREATH = 16
/** Of how many cycles one has its plug-ins timed. */
const LOOK_AT_EVERY = 10

class Scheduler implements RunningScheduler {
  readonly ready: Promise<void>
  readonly #options: SchedulerOptions
  readonly #clientName: string
  readonly #informers: SharedInformer<never>[] = []
  readonly #cache = new SchedulerCache()
  readonly #nominator = new Nominator()
  readonly #news: ClusterNews
  readonly #queue: SchedulingQueue
  /** By the name that pods ask for. */
  readonly #profiles: ReadonlyMap<string, RunningProfile>
  readonly #storage: StorageView
  readonly #devices: DeviceView
  readonly #tracer: LoopTracer
  readonly #metrics: SchedulerMetrics | undefined
  readonly #stop = new AbortController()
  readonly #waiting: WaitingPods
  readonly #inPreBind = new PodsInPreBind()
  readonly #extenders: readonly Extender[]
  readonly #errands: Errands
  readonly #gateListener: Disposable | undefined
  #startAt = 0
  #cycles = 0
  #started = false
  #pumping = false
  #pumped: Promise<void> = Promise.resolve()

  constructor(options: SchedulerOptions) {
    const { clock, trace, configuration = DEFAULT_CONFIGURATION } = options
    this.#options = options
    this.#clientName = options.clientName ?? 'kube-scheduler'
    const backoff = {
      initialMs: configuration.podInitialBackoffSeconds * 1000,
      maxMs: configuration.podMaxBackoffSeconds * 1000,
    }
    const onChange = () => {
      this.#tracer.changed()
      this.#pumpSoon()
    }
    this.#queue = new SchedulingQueue(clock, onChange, backoff, (queue, event) => this.#metrics?.came(queue, event))
    const { metrics } = options
    this.#metrics =
      metrics && new SchedulerMetrics(metrics, { clock, queue: this.#queue, gated: () => this.#news.gated })
    this.#tracer = new LoopTracer({
      client: this.#clientName,
      clock,
      trace,
      queue: (most) => this.#queue.next(most),
      queueLength: () => this.#queue.length,
      cacheRevision: () => Math.max(0, ...this.#informers.map(({ revision }) => revision)),
    })
    this.#storage = new StorageView({
      client: options.client,
      clock,
      signal: this.#stop.signal,
      claims: this.#informer(PersistentVolumeClaim),
      volumes: this.#informer(PersistentVolume),
      classes: this.#informer(StorageClass),
      csiNodes: this.#informer(CSINode),
      attachments: this.#informer(VolumeAttachment),
      drivers: this.#informer(CSIDriver),
      capacities: this.#informer(CSIStorageCapacity),
      onChange: (event, revision) => this.#news.wake(event, revision),
    })
    this.#devices = new DeviceView({
      client: options.client,
      clock,
      claims: this.#informer(ResourceClaim),
      slices: this.#informer(ResourceSlice),
      classes: this.#informer(DeviceClass),
      signal: this.#stop.signal,
      onChange: (event, revision) => this.#news.wake(event, revision),
      tell: (about, reason, message) =>
        this.#profiles
          .get(about.spec?.schedulerName ?? '')
          ?.recorder.record({ about, kind: Pod, type: 'Normal', reason, message }),
    })
    this.#waiting = new WaitingPods(clock)
    this.#extenders = openExtenders(configuration.extenders)
    this.#profiles = this.#buildProfiles(configuration)
    this.#errands = new Errands({
      ...options,
      queue: this.#queue,
      cache: this.#cache,
      nominator: this.#nominator,
      metrics: this.#metrics,
      isStopped: () => this.#stop.signal.aborted,
      waiting: this.#waiting,
      inPreBind: this.#inPreBind,
      extenders: this.#extenders,
      onForgotten: (pod) => this.#news.wake({ type: 'pod-removed', pod }, 0),
    })
    this.#news = new ClusterNews({
      queue: this.#queue,
      cache: this.#cache,
      nominator: this.#nominator,
      waiting: this.#waiting,
      inPreBind: this.#inPreBind,
      metrics: this.#metrics,
      onGated: (pod, gate) => this.#options.trace.emit(explainGate(pod, gate, clock.now())),
      profileOf: (pod) => this.#profileOf(pod),
    })
    this.#informer(Node).addHandler((change) => this.#news.onNode(change))
    this.#informer(Pod).addHandler((change) => this.#news.onPod(change))
    this.#gateListener = options.gate?.onChange(() => this.#pumpSoon())
    this.ready = this.#start()
  }

  idle(): boolean {
    const heard = this.#informers.every(({ pending }) => pending === 0)
    const waiting = this.#storage.waiting + this.#waiting.size
    const isQuiet = !this.#pumping && this.#queue.length === 0 && this.#errands.count === waiting
    return this.#started && heard && isQuiet
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop.abort()
    this.#gateListener?.[Symbol.dispose]()
    this.#queue.close()
    await this.#pumped
    for (const waiting of this.#waiting.list()) waiting.reject('', 'the scheduler stops')
    await this.#errands.settled()
    for (const extender of this.#extenders) extender[Symbol.dispose]()
    await Promise.all(Array.from(this.#profiles.values(), ({ recorder }) => recorder[Symbol.asyncDispose]()))
  }

  #buildProfiles({ profiles, percentageOfNodesToScore, extenders }: SchedulerConfiguration) {
    const { client, clock, logger, ownPlugins = [] } = this.#options
    const handle = { client, clock, nodes: () => this.#cache.nodes(), waiting: this.#waiting }
    const own = ownPlugins.map((make) => ({ ...make(handle), isOptional: true }))
    const namespaces = this.#informer(Namespace).cache
    const budgets = this.#informer(PodDisruptionBudget).cache
    const seenToByExtenders = extenders.flatMap(({ managedResources }) =>
      managedResources.filter(({ ignoredByScheduler }) => ignoredByScheduler).map(({ name }) => name),
    )
    const world = {
      client,
      seenToByExtenders,
      spreading: defaultSpreading(this.#informer(Service).cache, this.#informer(ReplicaSet).cache),
      namespaceLabels: (name: string) => namespaces.get(name)?.metadata?.labels,
      budgets: () => budgets.list(),
      storage: this.#storage,
      devices: this.#devices,
      usage: new NodeUsage({ client, clock, logger }),
    }
    return new Map(
      profiles.map((told): [string, RunningProfile] => {
        const { schedulerName, pluginConfig } = told
        const profile = buildProfile(told, [...own, ...defaultPlugins(world, pluginConfig)], percentageOfNodesToScore)
        const recorder = new EventRecorder({ client, clock, logger, component: schedulerName })
        const timed = this.#metrics ? timedPlugins(profile.plugins, clock, this.#metrics.timed) : profile.plugins
        const watch = this.#metrics?.watchOf(schedulerName) ?? unwatched
        return [schedulerName, { ...profile, timed, recorder, watch }]
      }),
    )
  }

  #informer<T extends object>(kind: Kind<T>): SharedInformer<T> {
    const { client, clock, random, logger } = this.#options
    const informer = new SharedInformer<T>({
      client,
      kind,
      clock,
      random,
      logger,
      onHeard: () => this.#tracer.changed(),
    })
    this.#informers.push(informer as unknown as SharedInformer<never>)
    return informer
  }

  async #start(): Promise<void> {
    const stopped = new Promise<void>((resolve) =>
      this.#stop.signal.addEventListener('abort', () => resolve(), { once: true }),
    )
    for (const informer of this.#informers) void informer.start(this.#stop.signal)
    await Promise.race([Promise.all(this.#informers.map(({ synced }) => synced)), stopped])
    this.#started = true
    this.#pumpSoon()
  }

  #profileOf(pod: CorePod): RunningProfile | undefined {
    return this.#profiles.get(pod.spec?.schedulerName || 'default-scheduler')
  }

  /** Who was promised room there and is not less important than the pod itself. */
  #nominatedOn(node: string, before: CorePod): CorePod[] {
    if (this.#nominator.size === 0) return []
    return this.#nominator
      .on(node)
      .filter((other) => other.metadata?.uid !== before.metadata?.uid && priorityOf(other) >= priorityOf(before))
  }

  #pumpSoon(): void {
    if (!this.#started || this.#pumping || this.#stop.signal.aborted || this.#queue.length === 0) return
    this.#pumping = true
    // Not at once: what arrives together is seen together. And between breaths others get their turn.
    setImmediate(() => {
      this.#pumped = this.#pump()
    })
  }

  async #pump(): Promise<void> {
    let isHeld = false
    for (let count = 0; count < DECISIONS_PER_BREATH && this.#queue.length > 0; count++) {
      if (this.#stop.signal.aborted) break
      isHeld = this.#options.gate?.tryEnter(this.#clientName) === false
      if (isHeld) break
      const queued = this.#queue.pop()
      if (queued) await this.#scheduleOne(queued)
    }
    this.#pumping = false
    if (!isHeld) this.#pumpSoon()
  }

  async #scheduleOne(queued: QueuedPod): Promise<void> {
    const { clock, random, logger } = this.#options
    const { pod } = queued
    const profile = this.#profileOf(pod)
    if (!profile) throw new Error(`pod ${queued.key} is in line for a scheduler that is not here`)
    const at = clock.now()
    const startedAt = clock.monotonic()
    const nodes = this.#cache.nodes()
    let decision: Decision
    try {
      const nominatedOn = (node: string, before: CorePod) => this.#nominatedOn(node, before)
      const plugins = this.#cycles++ % LOOK_AT_EVERY === 0 ? profile.timed : profile.plugins
      const cycle = { ...profile, plugins, random, startAt: this.#startAt, nominatedOn }
      const asked = this.#extenders.filter((extender) => extender.isInterestedIn(pod))
      decision = asked.length > 0 ? await decideWithExtenders(pod, nodes, cycle, asked) : decide(pod, nodes, cycle)
    } catch (err) {
      if (this.#stop.signal.aborted) return
      // A pod that a plug-in cannot understand must not stop the pods behind it.
      logger.error('scheduling failed', { pod: queued.key, err })
      this.#metrics?.attempted(queued, profile.schedulerName, 'error', startedAt)
      this.#errands.fail(queued, profile, err)
      return
    }
    if (this.#stop.signal.aborted) return
    if (nodes.size > 0) this.#startAt = (this.#startAt + decision.looked) % nodes.size
    const durationMs = clock.monotonic() - startedAt
    this.#metrics?.decided(durationMs)
    this.#options.trace.emit(explain(queued.key, profile, decision, { at, durationMs }))
    if (decision.chosen === undefined) {
      this.#metrics?.attempted(queued, profile.schedulerName, 'unschedulable', startedAt)
      this.#errands.refuse(queued, profile, decision)
      return
    }
    const { state, chosen } = decision
    this.#errands.bind(queued, profile, { state, chosen, startedAt })
  }
}
