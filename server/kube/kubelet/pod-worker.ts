// One pod's life on this node, strictly one step after the other.
//
//   syncing ──────► terminating ──────► terminated ──────► (removed)
//     │ deleted, finished,   │ all stopped        │ confirmed, then gone from the API
//     │ deadline passed      │
//     └ wakes: pod changed, runtime event, probe verdict, timer
//
// Upstream: pkg/kubelet/pod_workers.go.

import type { Pod } from 'kubernetes-types/core/v1'
import { Backoff } from '../../base/backoff.ts'
import type { Clock } from '../../base/clock.ts'
import type { Logger } from '../../base/logger.ts'
import type { PodMemory, PodSync } from './pod-sync.ts'
import type { StatusWriter } from './status-writer.ts'
import type { Look, PodCounts } from './telemetry/pod-counts.ts'

export interface PodWorkerOptions {
  sync: PodSync
  statuses: StatusWriter
  counts: PodCounts
  clock: Clock
  logger: Logger
  random: () => number
  /** The pod is gone from the API and from the node. */
  onRemoved(podUid: string): void
}

/** Everything is looked at once in a while, even when nobody said that anything happened. */
const RESYNC_MS = 60_000

export class PodWorker {
  readonly #options: PodWorkerOptions
  readonly #memory: PodMemory
  readonly #backoff: Backoff
  /** Told when the pod shall end: what has not begun of its start is left. */
  readonly #ending = new AbortController()
  readonly #over = Promise.withResolvers<void>()
  #pod: Pod
  /** At the last look. */
  #lookedAt: Pod | undefined
  #phase: 'syncing' | 'terminating' | 'terminated' | 'removed' = 'syncing'
  #graceSeconds: number | undefined
  #goneFromApi = false
  #dirty = false
  #busy = false
  #held = 0
  #closed = false
  #timer: Disposable | undefined

  /** Does nothing before it is woken, or told more: whether the pod may run is another's decision. */
  constructor(pod: Pod, options: PodWorkerOptions) {
    this.#pod = pod
    this.#options = options
    this.#memory = { seenAt: options.clock.monotonic(), failures: new Map(), retries: new Map() }
    this.#backoff = new Backoff({ initialMs: 500, maxMs: 30_000, random: options.random, jitter: 0.2 })
    const phase = pod.status?.phase
    // It ended in an earlier life of the kubelet: only what is left of it has to be cleaned up.
    if (phase === 'Succeeded' || phase === 'Failed') this.#phase = 'terminating'
    if (pod.metadata?.deletionTimestamp) this.#terminate(graceOf(pod))
  }

  get pod(): Pod {
    return this.#pod
  }

  /** Nothing of it runs any more. */
  get isOver(): boolean {
    return this.#phase === 'terminated' || this.#phase === 'removed'
  }

  /** Resolves when nothing of it runs any more. */
  get over(): Promise<void> {
    return this.#over.promise
  }

  get isTerminating(): boolean {
    return this.#phase !== 'syncing'
  }

  update(pod: Pod): void {
    const before = this.#pod
    this.#pod = pod
    if (pod.metadata?.deletionTimestamp) this.#terminate(graceOf(pod))
    if (!this.#options.statuses.isEcho(pod, before)) this.wake()
  }

  /** The API no longer knows the pod: it was deleted by force, or our own confirmation was heard. */
  removedFromApi(pod: Pod): void {
    // By force means at once; one second lets well-behaved programs notice.
    this.#remove(Math.min(1, graceOf(pod)))
  }

  /** No manifest names the static pod any more. */
  removedFromManifests(): void {
    this.#remove(graceOf(this.#pod))
  }

  #remove(graceSeconds: number): void {
    this.#goneFromApi = true
    this.#terminate(graceSeconds)
    this.wake()
  }

  /** The kubelet will not run this pod any longer, or at all. */
  end(verdict: NonNullable<PodMemory['verdict']>, graceSeconds: number): void {
    this.#memory.verdict = verdict
    this.#terminate(graceSeconds)
    this.wake()
  }

  /** Nothing of it is begun, or ended, before that is over. */
  hold(until: Promise<unknown>): void {
    this.#held++
    const letGo = () => {
      this.#held--
      if (this.#dirty) this.wake()
    }
    until.then(letGo, letGo)
  }

  wake(): void {
    this.#dirty = true
    if (!this.#busy && this.#held === 0 && !this.#closed && this.#phase !== 'removed') void this.#run()
  }

  close(): void {
    this.#closed = true
    this.#timer?.[Symbol.dispose]()
  }

  #terminate(graceSeconds: number): void {
    const sooner = this.#graceSeconds !== undefined && graceSeconds < this.#graceSeconds
    if (this.#graceSeconds === undefined || sooner) this.#graceSeconds = graceSeconds
    if (this.#phase === 'syncing') {
      this.#phase = 'terminating'
      this.#ending.abort(new Error('the pod shall end'))
    }
    // Containers are being waited for already: those who ask for less patience do not stand in that line.
    else if (this.#phase === 'terminating' && sooner && this.#busy) {
      this.#options.sync.terminate(this.#pod, this.#memory, graceSeconds).catch(() => undefined)
    }
  }

  async #run(): Promise<void> {
    this.#busy = true
    this.#timer?.[Symbol.dispose]()
    try {
      while (this.#dirty && this.#held === 0 && !this.#closed && this.#phase !== 'removed') {
        this.#dirty = false
        const againAfterMs = await this.#step().catch((err: unknown) => {
          if (err === this.#ending.signal.reason) return undefined
          const { namespace, name } = this.#pod.metadata ?? {}
          this.#options.logger.warn('pod was not brought further, will be tried again', {
            pod: `${namespace}/${name}`,
            err,
          })
          return this.#backoff.nextMs()
        })
        if (!this.#dirty && againAfterMs !== undefined) this.#wakeAfter(againAfterMs)
      }
    } finally {
      this.#busy = false
    }
  }

  #wakeAfter(delayMs: number): void {
    this.#timer?.[Symbol.dispose]()
    if (this.#closed) return
    this.#timer = this.#options.clock.setTimeout(() => this.wake(), delayMs)
  }

  /** Returns when to look again if nothing happens; undefined when there is nothing left to do. */
  async #step(): Promise<number | undefined> {
    const { sync, statuses, counts } = this.#options
    const uid = this.#pod.metadata?.uid ?? ''
    const kind = this.#kindOfLook()
    if (kind === 'create') counts.firstLook(this.#memory.seenAt, this.#pod.spec?.containers.length ?? 0)
    this.#lookedAt = this.#pod
    using _look = counts.look(kind)
    if (this.#phase === 'syncing') {
      const { finished, againAfterMs = RESYNC_MS } = await sync.sync(this.#pod, this.#memory, {
        until: this.#ending.signal,
        isAwaited: () => this.#dirty,
      })
      this.#backoff.reset()
      if (!finished || this.#phase !== 'syncing') {
        return Math.min(againAfterMs, RESYNC_MS * (1 + 0.5 * this.#options.random()))
      }
      this.#terminate(graceOf(this.#pod))
      this.#dirty = true
      return undefined
    }
    if (this.#phase === 'terminating') {
      await sync.terminate(this.#pod, this.#memory, this.#graceSeconds ?? graceOf(this.#pod))
      await sync.cleanUp(uid)
      this.#backoff.reset()
      this.#phase = 'terminated'
      this.#over.resolve()
    }
    if (this.#goneFromApi) {
      await sync.destroy(uid)
      this.#phase = 'removed'
      this.#options.onRemoved(uid)
    } else if (this.#pod.metadata?.deletionTimestamp) statuses.confirmDeletion(this.#pod)
    return undefined
  }

  #kindOfLook(): Look {
    if (this.#phase === 'terminating') return 'kill'
    if (this.#phase !== 'syncing') return 'terminated'
    if (!this.#lookedAt) return 'create'
    return this.#lookedAt === this.#pod ? 'sync' : 'update'
  }
}

function graceOf(pod: Pod): number {
  return Number(pod.metadata?.deletionGracePeriodSeconds ?? pod.spec?.terminationGracePeriodSeconds ?? 30)
}
