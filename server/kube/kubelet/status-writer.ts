// Tells the API what became of pods: per pod the newest status only, one request at a time, again until it is heard.
// A pod that ended here after being deleted is confirmed with a DELETE of grace 0, after its last status.
// Upstream: pkg/kubelet/status/status_manager.go.

import type { PodCondition, Pod as PodObject, PodStatus } from 'kubernetes-types/core/v1'
import type { Clock } from '../../base/clock.ts'
import type { Logger } from '../../base/logger.ts'
import type { Metrics } from '../../base/metrics.ts'
import { revisionOf } from '../apimachinery/object-meta.ts'
import { isConflict, isNotFound } from '../apimachinery/status-error.ts'
import type { Client } from '../client/client.ts'
import { Pod } from '../kinds/pod.ts'
import { isOwnCondition, OWN_CONDITIONS } from './pod-conditions.ts'
import { StatusCounts } from './telemetry/status-counts.ts'

interface Entry {
  pod: PodObject
  status?: PodStatus
  /** Since when the API has not heard it. */
  unsaidSince?: number | undefined
  /** What was sent last, heard or not. */
  sent?: PodStatus
  /** What the API was last told; undefined when it is to be told in any case. */
  written: PodStatus | undefined
  /** What it made of that, and at which revision: anything else heard later was written by somebody else. */
  acknowledged: PodStatus
  revision: number
  /** The newest revision of the pod that has been looked at: what came of it has been said, or is being said. */
  answered: number
  confirmDeletion: boolean
  busy: boolean
  /** Somebody else has written; it is put right in a while. */
  isDisputed: boolean
}

const RETRY_MS = 2_000
/** What others write of a status stands so long, as upstream: whoever fails a pod is heard by its loop before. */
const DISPUTE_MS = 10_000
/** An API server that does not answer keeps no machine from being switched off. */
const TOLD_AT_MOST_MS = 3_000
const STRATEGIC = 'application/strategic-merge-patch+json'

export class StatusWriter {
  readonly #client: Client
  readonly #clock: Clock
  readonly #logger: Logger
  readonly #counts: StatusCounts
  readonly #shownAs: (pod: PodObject) => PodObject | undefined
  readonly #entries = new Map<string, Entry>()
  readonly #flushing = new Set<Promise<void>>()
  #closed = false

  constructor(options: {
    client: Client
    clock: Clock
    logger: Logger
    metrics: Metrics
    /** The pod that the API has for a pod: itself, or a static pod's mirror, which may not be there (yet). */
    shownAs?(pod: PodObject): PodObject | undefined
  }) {
    this.#client = options.client
    this.#clock = options.clock
    this.#logger = options.logger
    this.#counts = new StatusCounts(options.metrics)
    this.#shownAs = options.shownAs ?? ((pod) => pod)
  }

  set(pod: PodObject, status: PodStatus): void {
    const entry = this.#entry(pod)
    this.#counts.changed(entry.status ?? pod.status, status)
    entry.pod = pod
    entry.status = status
    if (needsSaying(entry)) entry.unsaidSince ??= this.#clock.monotonic()
    else entry.answered = revisionOf(pod)
    this.#flush(entry)
    if (isChanged(entry) && !entry.isDisputed) void this.#dispute(entry)
  }

  /** Everything of the pod has been taken down: its object may go. */
  confirmDeletion(pod: PodObject): void {
    const entry = this.#entry(pod)
    entry.confirmDeletion = true
    this.#flush(entry)
  }

  /** The API has another pod to show a static pod by, which knows nothing yet. */
  tellAgain(podUid: string): void {
    const entry = this.#entries.get(podUid)
    if (!entry) return
    entry.written = undefined
    this.#flush(entry)
  }

  /** What there was to say has been said; what is said meanwhile may not be. */
  async told(): Promise<void> {
    await Promise.race([Promise.all(this.#flushing), this.#clock.sleep(TOLD_AT_MOST_MS)])
  }

  /** The newest status, told to the API or not. */
  get(podUid: string): PodStatus | undefined {
    return this.#entries.get(podUid)?.status
  }

  /** Whether all that is new about the pod is what has been said here. As upstream, nobody need look at it for that. */
  isEcho(pod: PodObject, before: PodObject): boolean {
    const { status, sent } = this.#entries.get(pod.metadata?.uid ?? '') ?? {}
    const isOurs = [status, sent].some((said) => said && saysTheSame(pod.status ?? {}, said))
    return isOurs && isSame(withoutOwn(pod), withoutOwn(before))
  }

  forget(podUid: string): void {
    this.#entries.delete(podUid)
  }

  close(): void {
    this.#closed = true
  }

  #entry(pod: PodObject): Entry {
    const uid = pod.metadata?.uid ?? ''
    let entry = this.#entries.get(uid)
    if (!entry) {
      const written = pod.status ?? {}
      const state = { answered: 0, confirmDeletion: false, busy: false, isDisputed: false }
      entry = { pod, written, acknowledged: written, revision: revisionOf(pod), ...state }
      this.#entries.set(uid, entry)
    }
    return entry
  }

  async #dispute(entry: Entry): Promise<void> {
    entry.isDisputed = true
    await this.#clock.sleep(DISPUTE_MS)
    entry.isDisputed = false
    if (!isChanged(entry)) return
    entry.written = undefined
    this.#flush(entry)
  }

  #flush(entry: Entry): void {
    if (entry.busy) return
    const flushing = this.#sayAll(entry).finally(() => this.#flushing.delete(flushing))
    this.#flushing.add(flushing)
  }

  async #sayAll(entry: Entry): Promise<void> {
    entry.busy = true
    try {
      while (!this.#closed && this.#entries.get(entry.pod.metadata?.uid ?? '') === entry) {
        const done = await this.#step(entry)
        if (done) return
      }
    } finally {
      entry.busy = false
    }
  }

  #noteSaid(entry: Entry): void {
    const now = this.#clock.monotonic()
    this.#counts.told(now - (entry.unsaidSince ?? now))
    entry.unsaidSince = needsSaying(entry) ? now : undefined
  }

  /** One request; true when nothing is left to say. */
  async #step(entry: Entry): Promise<boolean> {
    const shown = this.#shownAs(entry.pod)
    if (!shown) return true
    const { namespace = '', name = '', uid = '' } = shown.metadata ?? {}
    const { status } = entry
    try {
      if (status && needsSaying(entry)) {
        const patch = { metadata: { uid }, status: patchOf(status, entry.acknowledged) }
        const options = { subresource: 'status', because: causeOf(entry, shown) }
        entry.sent = status
        entry.answered = revisionOf(shown)
        const answer = await this.#client.of(Pod).patch({ namespace, name }, STRATEGIC, patch, options)
        entry.written = status
        this.#noteSaid(entry)
        entry.acknowledged = answer.status ?? {}
        entry.revision = revisionOf(answer)
        return false
      }
      if (!entry.confirmDeletion) return true
      await this.#client.of(Pod).delete({ namespace, name }, { gracePeriodSeconds: 0, uid, because: shown })
      this.#entries.delete(uid)
      return true
    } catch (err) {
      // Gone, or another pod of the same name lives there now: nobody is left to tell.
      if (isNotFound(err) || isConflict(err)) {
        // A static pod runs all the same; its next mirror is told everything.
        if (shown === entry.pod) this.#entries.delete(uid)
        return true
      }
      this.#logger.warn('pod status could not be written, will be tried again', { pod: `${namespace}/${name}`, err })
      await this.#clock.sleep(RETRY_MS)
      return false
    }
  }
}

const needsSaying = ({ status, written }: Entry) => !(status && written && saysTheSame(status, written))

/**
 * A change of the pod that was looked at before, and called for no new status, is not why its containers do something now:
 * then what we said last leads on from there.
 */
function causeOf({ answered, revision }: Entry, shown: PodObject): PodObject {
  if (revisionOf(shown) > answered || revision === 0) return shown
  return { ...shown, metadata: { ...shown.metadata, resourceVersion: String(revision) } }
}

/** Is what the API has by now not what it made of our last words? */
const isChanged = ({ pod, revision, acknowledged }: Entry) =>
  revisionOf(pod) > revision && !saysTheSame(pod.status ?? {}, acknowledged)

/** Conditions of others are none of our business. */
function saysTheSame(status: PodStatus, before: PodStatus): boolean {
  if (status === before) return true
  const { conditions: _own, ...rest } = status
  const { conditions: _ownBefore, ...restBefore } = before
  return isSame(rest, restBefore) && isSame(ownConditions(status), ownConditions(before))
}

/** As JSON documents, where null says as little as nothing. */
function isSame(a: unknown, b: unknown): boolean {
  if (a === b) return true
  if (isNothing(a) || isNothing(b)) return isNothing(a) && isNothing(b)
  if (typeof a !== 'object' || typeof b !== 'object') return false
  if (Array.isArray(a) || Array.isArray(b)) {
    if (!Array.isArray(a) || !Array.isArray(b) || a.length !== b.length) return false
    return a.every((item, index) => isSame(item, b[index]))
  }
  const [left, right] = [a as Record<string, unknown>, b as Record<string, unknown>]
  for (const key in left) if (!isSame(left[key], right[key])) return false
  for (const key in right) if (isNothing(left[key]) && !isNothing(right[key])) return false
  return true
}

const isNothing = (value: unknown) => value === undefined || value === null

/** What somebody else may have written, besides fields of the status. */
function withoutOwn({ metadata, spec, status }: PodObject) {
  const { resourceVersion: _revision, managedFields: _owners, ...meta } = metadata ?? {}
  return { meta, spec, conditions: (status?.conditions ?? []).filter((one) => !isOwnCondition(one)) }
}

const ownConditions = (status: PodStatus) => (status.conditions ?? []).filter(isOwnCondition)

type Tree = { [name: string]: Tree | string }

interface NewerStatus {
  hostIPs?: { ip: string }[]
  allocatedResources?: Tree
  resources?: Tree
}

/** With null for what was there before and is there no more. */
function inPlaceOf(before: Tree = {}, now: Tree): object {
  const gone = Object.keys(before).filter((name) => !(name in now))
  const merged = Object.entries(now).map(([name, value]) => {
    const had = before[name]
    return [name, typeof value === 'object' ? inPlaceOf(typeof had === 'object' ? had : {}, value) : value]
  })
  return { ...Object.fromEntries(gone.map((name) => [name, null])), ...Object.fromEntries(merged) }
}

/** A strategic merge patch leaves out nothing by itself: what must go is named, what must be whole is replaced. */
function patchOf(status: PodStatus, known: PodStatus): Record<string, unknown> {
  const [own, ownBefore] = [ownConditions(status), ownConditions(known)]
  const isOver = (type: string) => hasType(ownBefore, type) && !hasType(own, type)
  const { hostIPs, allocatedResources, resources } = status as NewerStatus
  const before = known as NewerStatus
  return {
    ...status,
    reason: status.reason ?? null,
    message: status.message ?? null,
    conditions: [
      ...own.map((one) => ({ ...one, reason: one.reason ?? null, message: one.message ?? null })),
      ...OWN_CONDITIONS.filter(isOver).map((type) => ({ type, $patch: 'delete' })),
    ],
    ...(status.podIPs ? { podIPs: [...status.podIPs, { $patch: 'replace' }] } : {}),
    ...(hostIPs ? { hostIPs: [...hostIPs, { $patch: 'replace' }] } : {}),
    ...(allocatedResources ? { allocatedResources: inPlaceOf(before.allocatedResources, allocatedResources) } : {}),
    ...(resources ? { resources: inPlaceOf(before.resources, resources) } : {}),
  }
}

const hasType = (conditions: readonly PodCondition[], type: string) => conditions.some((one) => one.type === type)
