// Runs loops. Everything that all loops have in common lives here and only here: informers, the queue, workers,
// retries with back-off, gates, counters and traces. A reconciler is left with its own question.
//
//   informers ─► enqueue(key) ─► RateLimitingQueue ─► gate ─► reconcile ─► done, wake me at …, or try again
//
// Upstream: controller-runtime/pkg/internal/controller, kubernetes/cmd/kube-controller-manager.

import type { Clock } from '../../base/clock.ts'
import type { Logger } from '../../base/logger.ts'
import { Metrics } from '../../base/metrics.ts'
import type { Trace } from '../../base/trace.ts'
import { type KubeObject, revisionOf } from '../apimachinery/object-meta.ts'
import { isConflict, isNotFound } from '../apimachinery/status-error.ts'
import type { AnyKind, Kind } from '../kinds/define-kind.ts'
import type { Client } from './client.ts'
import type { ClusterView, ControllerDefinition, Enqueue } from './controller-builder.ts'
import { EventRecorder } from './event-recorder.ts'
import type { LoopGate } from './loop-gate.ts'
import { LoopTracer } from './loop-tracer.ts'
import { QueueMetrics } from './queue-metrics.ts'
import { RateLimitingQueue } from './rate-limiting-queue.ts'
import { createContext, type ReconcileContext, type Reconciler, TerminalError } from './reconcile-context.ts'
import { SharedInformer } from './shared-informer.ts'

export interface RunOptions {
  definitions: readonly ControllerDefinition[]
  /**
   * Called with the loop's user agent, `kube-controller-manager/replicaset-controller`, and the service account it
   * acts as; each loop has its own.
   */
  clientFor(client: string, account: string): Client
  /** What fills the caches; as upstream, one identity for all, which may read what a single loop may not. */
  informerClientFor?(client: string): Client
  clock: Clock
  logger: Logger
  trace: Trace
  random: () => number
  /** Where the loops' queues are counted. */
  metrics?: Metrics | undefined
  gate?: LoopGate
  /** The process that the loops belong to, in their user agents; `kube-controller-manager` unless told. */
  component?: string
  /** Overrides what the definitions say. */
  concurrency?: number
}

export interface RunningControllers extends AsyncDisposable {
  /** Every loop has its caches full and works. */
  readonly ready: Promise<void>
  /**
   * No key waits or is being worked on and no news is undelivered. Keys that wait for a time of their own
   * (`requeueAfterMs`, back-off) do not count.
   */
  idle(): boolean
  readonly loops: readonly RunningController[]
}

export function runControllers(options: RunOptions): RunningControllers {
  const names = new Set<string>()
  for (const { name } of options.definitions) {
    if (names.has(name)) throw new Error(`controller ${name} is listed twice`)
    names.add(name)
  }
  const loops = options.definitions.map((definition) => new RunningController(definition, options))
  return {
    loops,
    ready: Promise.all(loops.map((loop) => loop.ready)).then(() => undefined),
    idle: () => loops.every((loop) => loop.idle()),
    async [Symbol.asyncDispose]() {
      await Promise.all(loops.map((loop) => loop[Symbol.asyncDispose]()))
    },
  }
}

export class RunningController implements AsyncDisposable {
  readonly client: string
  readonly ready: Promise<void>
  readonly #options: RunOptions
  readonly #definition: ControllerDefinition
  readonly #api: Client
  readonly #reader: Client
  readonly #log: Logger
  readonly #recorder: EventRecorder
  readonly #reconciler: Reconciler
  readonly #queue: RateLimitingQueue
  readonly #tracer: LoopTracer
  readonly #informers = new Map<string, SharedInformer<KubeObject>>()
  /** Ends the informer of one kind. */
  readonly #ends = new Map<string, AbortController>()
  readonly #stop = new AbortController()
  readonly #running = new Set<Promise<void>>()
  /** The newest revision among the changes that asked for a key, until a turn takes it. */
  readonly #wokenBy = new Map<string, number>()
  readonly #gateListener: Disposable | undefined
  #started = false
  #dispatching = false
  #turns = 0

  constructor(definition: ControllerDefinition, options: RunOptions) {
    const { clock, trace, logger, metrics } = options
    this.#definition = definition
    this.#options = options
    this.client = `${options.component ?? 'kube-controller-manager'}/${definition.name}-controller`
    this.#log = logger.with({ controller: definition.name })
    const manager = options.informerClientFor?.(this.client)
    this.#api = (definition.account === '' && manager) || options.clientFor(this.client, definition.account)
    this.#reader = manager ?? this.#api
    this.#recorder = new EventRecorder({
      client: this.#api,
      clock,
      logger: this.#log,
      component: definition.eventSource,
    })
    this.#queue = new RateLimitingQueue(clock, {
      onChange: () => this.#changed(),
      longestDelayMs: definition.longestRetryMs,
      metrics: metrics && new QueueMetrics(metrics, clock, definition.queueName),
    })
    this.#tracer = new LoopTracer({
      client: this.client,
      clock,
      trace,
      queue: (most) => this.#queue.keys.slice(0, most),
      queueLength: () => this.#queue.length,
      cacheRevision: () => this.cacheRevision,
    })
    const view: ClusterView = {
      clock,
      random: options.random,
      logger: this.#log,
      metrics: metrics ?? new Metrics(),
      cache: (kind) => this.#informer(kind).cache,
      list: (kind, options) => this.#reader.of(kind).list(options),
      forget: (kind) => this.#forget(kind),
      onChange: (kind, handler) => void this.#informer(kind).addHandler(handler),
    }
    const enqueue: Enqueue = (key, because) => this.#enqueue(key, because)
    // The reconciler first: its bookkeeping must have heard of a change before the change wakes it.
    this.#reconciler = definition.reconcilerFor(view, enqueue)
    for (const wake of definition.wakes) wake(view, enqueue)
    this.#gateListener = options.gate?.onChange(() => this.#dispatchSoon())
    this.ready = this.#start()
  }

  /** The newest revision that any of its caches reflects. */
  get cacheRevision(): number {
    let newest = 0
    for (const informer of this.#informers.values()) newest = Math.max(newest, informer.revision)
    return newest
  }

  get queueLength(): number {
    return this.#queue.length
  }

  idle(): boolean {
    if (!this.#started || this.#queue.length > 0 || this.#running.size > 0) return false
    for (const informer of this.#informers.values()) if (informer.pending > 0) return false
    return true
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop.abort()
    for (const own of this.#ends.values()) own.abort()
    this.#gateListener?.[Symbol.dispose]()
    this.#queue.shutDown()
    await Promise.all(this.#running)
    await this.#recorder[Symbol.asyncDispose]()
  }

  async #start(): Promise<void> {
    const stopped = new Promise<void>((resolve) =>
      this.#stop.signal.addEventListener('abort', () => resolve(), { once: true }),
    )
    const informers = [...this.#informers.values()]
    for (const [id, informer] of this.#informers) this.#startInformer(id, informer)
    // No turn before every cache is full: a loop that sees its own half of the world would undo the other half.
    await Promise.race([Promise.all(informers.map((informer) => informer.synced)), stopped])
    this.#started = true
    this.#dispatchSoon()
  }

  #informer<T extends KubeObject>(kind: Kind<T>): SharedInformer<T> {
    const id = idOf(kind)
    const known = this.#informers.get(id)
    if (known) return known as unknown as SharedInformer<T>
    const { clock, random } = this.#options
    const informer = new SharedInformer<T>({
      client: this.#reader,
      kind,
      clock,
      random,
      logger: this.#log,
      onHeard: () => this.#tracer.changed(),
    })
    this.#informers.set(id, informer as unknown as SharedInformer<KubeObject>)
    if (this.#started) this.#startInformer(id, informer as unknown as SharedInformer<KubeObject>)
    return informer
  }

  #startInformer(id: string, informer: SharedInformer<KubeObject>): void {
    // A signal of its own and no composite one, which looks at its sources each time that it is asked: for each event.
    const own = new AbortController()
    this.#ends.set(id, own)
    if (this.#stop.signal.aborted) own.abort()
    void informer.start(own.signal)
  }

  #forget(kind: AnyKind): void {
    const id = idOf(kind)
    this.#ends.get(id)?.abort()
    this.#ends.delete(id)
    this.#informers.delete(id)
  }

  #enqueue(key: string, because?: KubeObject): void {
    const revision = because ? revisionOf(because) : 0
    if (revision > (this.#wokenBy.get(key) ?? 0)) this.#wokenBy.set(key, revision)
    this.#queue.add(key)
  }

  #changed(): void {
    this.#tracer.changed()
    this.#dispatchSoon()
  }

  /** Not in the middle of an event: all handlers hear of it before any turn begins. */
  #dispatchSoon(): void {
    if (!this.#started || this.#dispatching) return
    this.#dispatching = true
    queueMicrotask(() => {
      this.#dispatching = false
      this.#dispatch()
    })
  }

  #dispatch(): void {
    const { gate, concurrency = this.#definition.concurrency } = this.#options
    while (this.#queue.length > 0 && this.#running.size < concurrency && !this.#stop.signal.aborted) {
      if (gate && !gate.tryEnter(this.client)) return
      const key = this.#queue.take()
      if (key === undefined) return
      const turn = this.#turn(key).finally(() => {
        this.#running.delete(turn)
        this.#queue.done(key)
      })
      this.#running.add(turn)
    }
  }

  async #turn(key: string): Promise<void> {
    const { clock } = this.#options
    const context = createContext({
      key,
      wokenBy: this.#wokenBy.get(key) ?? 0,
      client: this.#api,
      recorder: this.#recorder,
      log: this.#log.with({ key, turn: ++this.#turns }),
      signal: this.#stop.signal,
    })
    this.#wokenBy.delete(key)
    const at = clock.now()
    const startedAt = clock.monotonic()
    let outcome: 'done' | 'requeue' | 'error' = 'done'
    let failure: unknown
    try {
      const result = await this.#reconciler.reconcile(context)
      this.#queue.forget(key)
      if (result) {
        outcome = 'requeue'
        this.#queue.addAfter(key, Math.max(1, result.requeueAfterMs))
      }
    } catch (err) {
      outcome = 'error'
      failure = err
      this.#failed(context, err)
    }
    this.#emit(context, { at, durationMs: clock.monotonic() - startedAt, outcome, failure })
  }

  #failed({ key, log, report }: ReconcileContext, err: unknown): void {
    if (this.#stop.signal.aborted) return
    if (err instanceof TerminalError) {
      log.error('gave up, a person must look', { err })
      this.#queue.forget(key)
      return
    }
    // Somebody was quicker, or it has gone meanwhile: the cache will know soon, and the next turn sees it.
    const reason = err instanceof Error ? (err.cause ?? err) : err
    if (isConflict(reason) || isNotFound(reason)) log.debug('turn failed, will be tried again', { err })
    else log.warn('turn failed, will be tried again', { err })
    if (report.because > (this.#wokenBy.get(key) ?? 0)) this.#wokenBy.set(key, report.because)
    this.#queue.addRateLimited(key)
  }

  #emit(
    { key, report }: ReconcileContext,
    turn: { at: number; durationMs: number; outcome: 'done' | 'requeue' | 'error'; failure: unknown },
  ): void {
    const { failure, ...rest } = turn
    // A look at the clock that led to nothing: many loops have many of them, and nobody learns from any.
    const isTick = !report.isWoken && failure === undefined && report.did.length === 0 && report.wrote.length === 0
    if (isTick) return
    this.#options.trace.emit({
      type: 'reconcile',
      client: this.client,
      key,
      ...rest,
      ...(report.because > 0 ? { because: report.because } : {}),
      ...(failure === undefined ? {} : { error: failure instanceof Error ? failure.message : String(failure) }),
      wanted: report.wanted,
      seen: report.seen,
      did: report.did,
      wrote: report.wrote,
    })
  }
}

const idOf = ({ plural, group }: Pick<AnyKind, 'plural' | 'group'>) => `${plural}.${group}`
