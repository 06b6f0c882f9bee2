// Pods that wait for a node, in three places:
//
//   active         next in line: by priority, then who came first
//   backoff        failed a moment ago: 1 s, 2 s, 4 s, 8 s, 10 s after the 1st, 2nd … failure, then active
//   unschedulable  fitted nowhere: stays until an event that may help (or five minutes have passed)
//
//   add ─► active ─ pop ─► (a cycle) ─ fits nowhere ─► unschedulable ─ event ─► backoff ─ time ─► active
//
// When nobody is in line, whoever waits out a back-off has its turn at once; not after errors, which take their time.
//
// Upstream: kubernetes/pkg/scheduler/backend/queue/scheduling_queue.go.

import type { Pod } from 'kubernetes-types/core/v1'
import type { Clock } from '../../base/clock.ts'
import { keyOf, revisionOf } from '../apimachinery/object-meta.ts'
import { POD_ADDED } from './cluster-event.ts'
import { MissedNews } from './missed-news.ts'

export interface QueuedPod {
  pod: Pod
  key: string
  /** Since when it has been in line, for its turn: who had one goes behind those that came meanwhile. */
  since: number
  /** When it had its first turn. */
  firstTurnAt?: number
  /** Of those that came in one moment, who came first. */
  serial: number
  attempts: number
  /** How often it fitted nowhere, and how often something went wrong since then: what it waits out goes by the latter. */
  refusals: number
  errors: number
  /** Plug-ins that rejected it last time. */
  rejectedBy: ReadonlySet<string>
  /** The newest revision among what brought it into the line. */
  because: number
  failedAt: number
  /** While room is made for it: it stays where it is, and `missed` is the newest event that would have woken it. */
  detained?: { missed?: { because: number; event: string } }
}

/** How long who failed stays out of the line: twice as long each time, but not for ever. */
export interface Backoff {
  initialMs: number
  maxMs: number
}

const UPSTREAMS_BACKOFF: Backoff = { initialMs: 1000, maxMs: 10_000 }
const UNSCHEDULABLE_AT_MOST_MS = 5 * 60_000
const FLUSH_EVERY_MS = 30_000
const FAILURE = 'ScheduleAttemptFailure'

interface Waiting {
  queued: QueuedPod
  timer: Disposable
  /** The second in which it ends; undefined after an error. */
  second: number | undefined
}

export class SchedulingQueue {
  readonly #clock: Clock
  readonly #onChange: () => void
  readonly #onCome: (queue: string, event: string) => void
  readonly #limits: Backoff
  /** In the order of their turns; the next one last, where taking it away costs nothing. */
  readonly #active: QueuedPod[] = []
  readonly #activeByKey = new Map<string, QueuedPod>()
  readonly #backoff = new Map<string, Waiting>()
  /** Those that need not wait when nobody else is in line; the next one last. */
  readonly #early: Waiting[] = []
  readonly #unschedulable = new Map<string, QueuedPod>()
  /** Popped and not yet decided or bound. */
  readonly #inFlight = new Map<string, QueuedPod>()
  /** By those of them that may still be put aside. */
  readonly #missed = new MissedNews<QueuedPod>()
  #flush: Disposable | undefined
  #closed = false
  #serial = 0

  constructor(
    clock: Clock,
    onChange: () => void,
    backoff: Backoff = UPSTREAMS_BACKOFF,
    onCome: (queue: string, event: string) => void = () => undefined,
  ) {
    this.#clock = clock
    this.#limits = backoff
    this.#onChange = onChange
    this.#onCome = onCome
  }

  /** Who is next in line, no more than so many. */
  next(most = this.length): string[] {
    const early = this.#early.map(({ queued }) => queued)
    return [...early, ...this.#active]
      .slice(-most)
      .reverse()
      .map(({ key }) => key)
  }

  /** How many may be popped now. */
  get length(): number {
    return this.#active.length + this.#early.length
  }

  /** How many wait in each place. */
  get counts() {
    return { active: this.#active.length, backoff: this.#backoff.size, unschedulable: this.#unschedulable.size }
  }

  /** All that wait, wherever. */
  *waiting(): Iterable<QueuedPod> {
    yield* this.#active
    for (const { queued } of this.#backoff.values()) yield queued
    yield* this.#unschedulable.values()
  }

  add(pod: Pod): void {
    const key = keyOf(pod)
    this.#forget(key)
    const queued: QueuedPod = {
      pod,
      key,
      since: this.#clock.monotonic(),
      serial: this.#serial++,
      attempts: 0,
      refusals: 0,
      errors: 0,
      rejectedBy: new Set(),
      because: revisionOf(pod),
      failedAt: 0,
    }
    this.#toActive(queued, POD_ADDED)
  }

  /** The pod itself has changed; `mayHelp` says whether in a way that may make it fit. */
  update(pod: Pod, mayHelp: (queued: QueuedPod) => boolean, event: string): void {
    const key = keyOf(pod)
    const inFlight = this.#inFlight.get(key)
    if (inFlight) {
      inFlight.pod = pod
      const isFor = (queued: QueuedPod) => queued === inFlight && mayHelp(queued)
      this.#missed.add({ mayHelp: isFor, because: revisionOf(pod), event })
      return
    }
    const known = this.#activeByKey.get(key) ?? this.#backoff.get(key)?.queued
    if (known) {
      known.pod = pod
      return
    }
    const unschedulable = this.#unschedulable.get(key)
    if (!unschedulable) {
      this.add(pod)
      return
    }
    unschedulable.pod = pod
    if (mayHelp(unschedulable)) this.#wake(unschedulable, revisionOf(pod), event)
  }

  /** The newest of a pod that is on its way: should it come back, it comes back as this. */
  refresh(pod: Pod): void {
    const queued = this.#inFlight.get(keyOf(pod))
    if (queued && queued.pod.metadata?.uid === pod.metadata?.uid && revisionOf(queued.pod) < revisionOf(pod)) {
      queued.pod = pod
    }
  }

  delete(pod: Pod): void {
    this.#forget(keyOf(pod))
    this.#onChange()
  }

  pop(): QueuedPod | undefined {
    const queued = this.#active.pop() ?? this.#popEarly()
    if (!queued) return undefined
    this.#activeByKey.delete(queued.key)
    queued.attempts++
    queued.firstTurnAt ??= this.#clock.monotonic()
    this.#inFlight.set(queued.key, queued)
    this.#missed.begin(queued)
    this.#onChange()
    return queued
  }

  /** Nobody can put it aside any more; it may still be put back. */
  settled(queued: QueuedPod): void {
    this.#missed.end(queued)
  }

  /** It has a node. */
  done(queued: QueuedPod): void {
    this.settled(queued)
    if (this.#inFlight.get(queued.key) === queued) this.#inFlight.delete(queued.key)
  }

  /** It fitted nowhere. */
  putAside(queued: QueuedPod, rejectedBy: ReadonlySet<string>): void {
    const missed = this.#missed.end(queued)
    if (!this.#takeBack(queued)) return
    queued.rejectedBy = rejectedBy
    queued.refusals++
    queued.errors = 0
    const good = missed.find(({ mayHelp }) => mayHelp(queued))
    if (good) {
      queued.because = Math.max(queued.because, good.because)
      this.#toBackoffOrActive(queued, good.event)
      return
    }
    this.#unschedulable.set(queued.key, queued)
    this.#onCome('unschedulable', FAILURE)
    this.#flushLater()
  }

  /** Something went wrong that has nothing to do with the nodes: try again soon. */
  putBack(queued: QueuedPod): void {
    if (!this.#takeBack(queued)) return
    queued.rejectedBy = new Set()
    queued.errors++
    this.#toBackoffOrActive(queued, FAILURE)
  }

  /** Keeps a pod that fitted nowhere from being woken, until what is returned is called. */
  detain(queued: QueuedPod): () => void {
    const detained: NonNullable<QueuedPod['detained']> = {}
    queued.detained = detained
    return () => {
      delete queued.detained
      const { missed } = detained
      if (missed && this.#unschedulable.get(queued.key) === queued) this.#wake(queued, missed.because, missed.event)
    }
  }

  /** It has its turn now, whatever it waits for. */
  activate(pod: Pod): void {
    const key = keyOf(pod)
    const queued = this.#unschedulable.get(key) ?? this.#backoff.get(key)?.queued
    if (!queued) return
    this.#unschedulable.delete(key)
    this.#endBackoff(key)
    this.#toActive(queued, 'ForceActivate')
  }

  /** Wakes pods whose rejection may be over. */
  wake(mayHelp: (queued: QueuedPod) => boolean, because: number, event: string): void {
    this.#missed.add({ mayHelp, because, event })
    for (const queued of [...this.#unschedulable.values()]) if (mayHelp(queued)) this.#wake(queued, because, event)
  }

  close(): void {
    this.#closed = true
    this.#flush?.[Symbol.dispose]()
    for (const { timer } of this.#backoff.values()) timer[Symbol.dispose]()
    this.#backoff.clear()
    this.#early.length = 0
    this.#active.length = 0
    this.#activeByKey.clear()
    this.#unschedulable.clear()
  }

  /** False when it has been deleted or made anew while it was away. */
  #takeBack(queued: QueuedPod): boolean {
    this.settled(queued)
    if (this.#closed || this.#inFlight.get(queued.key) !== queued) return false
    this.#inFlight.delete(queued.key)
    queued.failedAt = this.#clock.monotonic()
    queued.since = queued.failedAt
    queued.serial = this.#serial++
    return true
  }

  #wake(queued: QueuedPod, because: number, event: string): void {
    if (queued.detained) {
      const before = queued.detained.missed
      if (!before || before.because < because) queued.detained.missed = { because, event }
      return
    }
    this.#unschedulable.delete(queued.key)
    queued.because = Math.max(queued.because, because)
    this.#toBackoffOrActive(queued, event)
  }

  #toBackoffOrActive(queued: QueuedPod, event: string): void {
    const until = queued.failedAt + backoffMs(queued.errors || queued.refusals, this.#limits)
    const waitMs = until - this.#clock.monotonic()
    if (waitMs <= 0) {
      this.#toActive(queued, event)
      return
    }
    this.#onCome('backoff', event)
    const timer = this.#clock.setTimeout(() => {
      this.#endBackoff(queued.key)
      this.#toActive(queued, 'BackoffComplete')
    }, waitMs)
    const second = queued.errors > 0 ? undefined : Math.floor(until / 1000)
    const waiting: Waiting = { queued, timer, second }
    this.#backoff.set(queued.key, waiting)
    if (second === undefined) return
    this.#early.splice(placeIn(this.#early, waiting, endsBefore), 0, waiting)
    this.#onChange()
  }

  #popEarly(): QueuedPod | undefined {
    const next = this.#early.at(-1)
    if (!next || this.#closed) return undefined
    this.#endBackoff(next.queued.key)
    this.#onCome('active', 'PopFromBackoffQ')
    return next.queued
  }

  #endBackoff(key: string): void {
    const waiting = this.#backoff.get(key)
    if (!waiting) return
    waiting.timer[Symbol.dispose]()
    this.#backoff.delete(key)
    if (waiting.second !== undefined) this.#early.splice(placeIn(this.#early, waiting, endsBefore), 1)
  }

  #toActive(queued: QueuedPod, event: string): void {
    if (this.#closed) return
    this.#onCome('active', event)
    this.#active.splice(placeIn(this.#active, queued, goesBefore), 0, queued)
    this.#activeByKey.set(queued.key, queued)
    this.#onChange()
  }

  #forget(key: string): void {
    this.#endBackoff(key)
    this.#unschedulable.delete(key)
    const inFlight = this.#inFlight.get(key)
    if (inFlight) this.settled(inFlight)
    this.#inFlight.delete(key)
    const active = this.#activeByKey.get(key)
    if (!active) return
    this.#activeByKey.delete(key)
    this.#active.splice(placeIn(this.#active, active, goesBefore), 1)
  }

  /** Should an event have been missed, nobody waits for ever. */
  #flushLater(): void {
    this.#flush ??= this.#clock.setTimeout(() => {
      this.#flush = undefined
      const before = this.#clock.monotonic() - UNSCHEDULABLE_AT_MOST_MS
      this.wake((queued) => queued.failedAt <= before, 0, 'UnschedulableTimeout')
      if (this.#unschedulable.size > 0) this.#flushLater()
    }, FLUSH_EVERY_MS)
  }
}

const backoffMs = (failures: number, { initialMs, maxMs }: Backoff) =>
  failures === 0 ? 0 : Math.min(maxMs, initialMs * 2 ** (failures - 1))

/** Where it is, or belongs: the first place whose pod does not go after it. */
function placeIn<T>(line: readonly T[], one: T, isBefore: (a: T, b: T) => boolean): number {
  let [from, to] = [0, line.length]
  while (from < to) {
    const middle = (from + to) >>> 1
    if (isBefore(one, line[middle]!)) from = middle + 1
    else to = middle
  }
  return from
}

function endsBefore(a: Waiting, b: Waiting): boolean {
  const bySecond = (a.second ?? 0) - (b.second ?? 0)
  return bySecond === 0 ? goesBefore(a.queued, b.queued) : bySecond < 0
}

function goesBefore(a: QueuedPod, b: QueuedPod): boolean {
  const byPriority = (b.pod.spec?.priority ?? 0) - (a.pod.spec?.priority ?? 0)
  return (byPriority || a.since - b.since || a.serial - b.serial) < 0
}
