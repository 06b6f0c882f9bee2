// Shows static pods in the API: for each one pod that says what runs here and changes nothing, made again whenever it is
// deleted or shows another manifest. Upstream: pkg/kubelet/pod/mirror_client.go, kubelet.go (tryReconcileMirrorPods).

import type { Pod as PodObject } from 'kubernetes-types/core/v1'
import type { Clock } from '../../../base/clock.ts'
import type { Logger } from '../../../base/logger.ts'
import { isAlreadyExists, isNotFound } from '../../apimachinery/status-error.ts'
import type { Client } from '../../client/client.ts'
import { Pod } from '../../kinds/pod.ts'
import { HASH } from './manifest.ts'

const MIRROR = 'kubernetes.io/config.mirror'
const RETRY_MS = 5_000
/** kubectl waits for a name to be missing, and looks ten times a second: what is back sooner never went for it. */
const MISSED_MS = 1_000

export const isMirror = (pod: PodObject): boolean => pod.metadata?.annotations?.[MIRROR] !== undefined

export interface MirrorPodsOptions {
  client: Client
  nodeName: string
  clock: Clock
  logger: Logger
  /** Whose pods they are; unknown until the node is registered. */
  nodeUid(): string | undefined
  /** There is somebody to tell of the static pod now. */
  onMirror(staticPod: PodObject): void
}

interface Entry {
  /** What runs here; undefined when nothing of that name does any more. */
  wanted?: PodObject | undefined
  /** What the API has. */
  mirror?: PodObject | undefined
  /** When somebody took away one that was as wanted, by the monotonic clock. */
  takenAt?: number
  busy: boolean
  dirty: boolean
}

export class MirrorPods {
  readonly #options: MirrorPodsOptions
  readonly #entries = new Map<string, Entry>()
  readonly #stop = new AbortController()
  #isStarted = false

  constructor(options: MirrorPodsOptions) {
    this.#options = options
  }

  /** What the API has is known: from now on it is kept true. */
  start(): void {
    this.#isStarted = true
    for (const key of this.#entries.keys()) this.#touch(key)
  }

  [Symbol.dispose](): void {
    this.#stop.abort()
  }

  want(pod: PodObject): void {
    this.#entry(pod).wanted = pod
    this.#touch(keyOf(pod))
  }

  /** The static pod has ended for good. Another one of its name may have come meanwhile. */
  drop(pod: PodObject): void {
    const entry = this.#entry(pod)
    if (entry.wanted?.metadata?.uid === pod.metadata?.uid) entry.wanted = undefined
    this.#touch(keyOf(pod))
  }

  hear(pod: PodObject, { isDeleted }: { isDeleted: boolean }): void {
    const entry = this.#entry(pod)
    if (isDeleted && stands(pod, entry.wanted)) entry.takenAt = this.#options.clock.monotonic()
    entry.mirror = isDeleted ? undefined : pod
    if (shows(entry) && entry.wanted) this.#options.onMirror(entry.wanted)
    this.#touch(keyOf(pod))
  }

  /** The pod of the API that stands for a static pod, if there is one. */
  of(pod: PodObject): PodObject | undefined {
    const entry = this.#entries.get(keyOf(pod))
    return entry?.mirror && stands(entry.mirror, pod) ? entry.mirror : undefined
  }

  #entry(pod: PodObject): Entry {
    const key = keyOf(pod)
    let entry = this.#entries.get(key)
    if (!entry) {
      entry = { busy: false, dirty: false }
      this.#entries.set(key, entry)
    }
    return entry
  }

  #touch(key: string): void {
    const entry = this.#entries.get(key)
    if (!entry || !this.#isStarted) return
    entry.dirty = true
    if (!entry.busy) void this.#settle(key, entry)
  }

  async #settle(key: string, entry: Entry): Promise<void> {
    const { clock, logger } = this.#options
    const { signal } = this.#stop
    entry.busy = true
    while (entry.dirty && !signal.aborted) {
      entry.dirty = false
      try {
        await this.#step(entry)
      } catch (err) {
        logger.warn('mirror pod could not be brought up to date, will be tried again', { pod: key, err })
        entry.dirty = true
        await clock.sleep(RETRY_MS, signal).catch(() => undefined)
      }
    }
    entry.busy = false
    if (!entry.wanted && !entry.mirror) this.#entries.delete(key)
  }

  async #step(entry: Entry): Promise<void> {
    const { wanted, mirror } = entry
    const pods = this.#options.client.of(Pod)
    if (mirror && !shows(entry)) {
      const { namespace = '', name = '', uid = '' } = mirror.metadata ?? {}
      await pods.delete({ namespace, name }, { gracePeriodSeconds: 0, uid }).catch((err: unknown) => {
        if (!isNotFound(err)) throw err
      })
      // Whoever watches hears of it; until then the next one would find its name taken.
      return
    }
    if (!wanted || mirror) return
    const { clock } = this.#options
    const waitMs = (entry.takenAt ?? Number.NEGATIVE_INFINITY) + MISSED_MS - clock.monotonic()
    if (waitMs > 0) {
      await clock.sleep(waitMs, this.#stop.signal).catch(() => undefined)
      // Something else may be wanted by now.
      entry.dirty = true
      return
    }
    await pods.create(this.#mirrorOf(wanted)).catch((err: unknown) => {
      // One that is there will be heard of, if it is ours.
      if (!isAlreadyExists(err)) throw err
    })
  }

  #mirrorOf({ metadata = {}, spec }: PodObject): PodObject {
    const uid = this.#options.nodeUid()
    if (!uid) throw new Error('the node is not known yet')
    const { name, namespace, labels, annotations = {} } = metadata
    return {
      metadata: {
        name: name ?? '',
        namespace: namespace ?? '',
        ...(labels ? { labels } : {}),
        annotations: { ...annotations, [MIRROR]: annotations[HASH] ?? '' },
        ownerReferences: [{ apiVersion: 'v1', kind: 'Node', name: this.#options.nodeName, uid, controller: true }],
      },
      ...(spec ? { spec } : {}),
    }
  }
}

/** The API has what is wanted, and not on its way out. */
const shows = ({ wanted, mirror }: Entry): boolean =>
  mirror !== undefined && !mirror.metadata?.deletionTimestamp && stands(mirror, wanted)

const stands = (mirror: PodObject, wanted: PodObject | undefined): boolean =>
  wanted !== undefined && mirror.metadata?.annotations?.[MIRROR] === wanted.metadata?.annotations?.[HASH]

const keyOf = ({ metadata }: PodObject) => `${metadata?.namespace}/${metadata?.name}`
