// Writes core/v1 Events: what `kubectl describe` shows at the end. Telling is free for the teller: writing goes on
// behind its back, in order, and a failure to write an Event never fails what it tells about.
//
// Repeats are folded, so that a loop that fails each second does not fill the store:
//   the same words again                   one Event whose `count` and `lastTimestamp` grow
//   > 10 different messages in 10 min,     one Event "(combined from similar events): …"
//     same object, type and reason
//   > 25 Events about one object           dropped; one more is let through every 5 minutes
// Upstream: client-go/tools/record/{event,events_cache}.go.

import type { Event as CoreEvent } from 'kubernetes-types/core/v1'
import { type Clock, isoTime } from '../../base/clock.ts'
import type { Logger } from '../../base/logger.ts'
import type { KubeObject } from '../apimachinery/object-meta.ts'
import { isAlreadyExists, isNotFound, StatusError } from '../apimachinery/status-error.ts'
import { type AnyKind, apiVersionOf } from '../kinds/define-kind.ts'
import { Event } from '../kinds/event.ts'
import type { Client } from './client.ts'
import { TokenBucket } from './token-bucket.ts'

export interface Occurrence {
  about: KubeObject
  /** Objects from a list do not say their kind themselves. */
  kind: Pick<AnyKind, 'group' | 'version' | 'kind'>
  type: 'Normal' | 'Warning'
  reason: string
  message: string
  /** A part of the object: `spec.containers{web}`. */
  fieldPath?: string
  /** For programs: of the first of its kind, as those that are counted say the same. */
  annotations?: Record<string, string>
  because?: KubeObject
}

export interface EventRecorderOptions {
  client: Client
  clock: Clock
  logger: Logger
  /** `replicaset-controller`, `kubelet`. */
  component: string
  /** The node that the component runs on. */
  host?: string
}

interface Remembered {
  name: string
  namespace: string
  count: number
  firstTimestamp: string
}

interface Similar {
  messages: Set<string>
  lastAt: number
}

const MAX_REMEMBERED = 4096
const MAX_SIMILAR = 10
const SIMILAR_WITHIN_MS = 600_000
const SPAM_BURST = 25
const SPAM_PER_SECOND = 1 / 300
const MAX_WAITING = 1000
const TRIES = 3
const RETRY_AFTER_MS = 10_000

export class EventRecorder {
  readonly #options: EventRecorderOptions
  readonly #remembered = new Map<string, Remembered>()
  readonly #similar = new Map<string, Similar>()
  readonly #buckets = new Map<string, TokenBucket>()
  readonly #stopped = new AbortController()
  #tail: Promise<void> = Promise.resolve()
  #waiting = 0
  #serial = 0

  constructor(options: EventRecorderOptions) {
    this.#options = options
  }

  record(occurrence: Occurrence): void {
    if (this.#stopped.signal.aborted || this.#waiting >= MAX_WAITING) return
    if (!this.#bucketOf(occurrence).tryTake()) return
    const at = isoTime(this.#options.clock)
    this.#waiting++
    this.#tail = this.#tail.then(async () => {
      try {
        await this.#write(occurrence, at)
      } catch (err) {
        this.#options.logger.debug('event not written', { reason: occurrence.reason, err })
      }
      this.#waiting--
    })
  }

  /** Resolves when everything told so far is written or given up. */
  async flush(): Promise<void> {
    await this.#tail
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stopped.abort()
    await this.#tail
  }

  #bucketOf({ about }: Occurrence): TokenBucket {
    const key = about.metadata?.uid ?? `${about.metadata?.namespace}/${about.metadata?.name}`
    let bucket = this.#buckets.get(key)
    if (!bucket) {
      bucket = new TokenBucket({ clock: this.#options.clock, perSecond: SPAM_PER_SECOND, burst: SPAM_BURST })
      remember(this.#buckets, key, bucket)
    }
    return bucket
  }

  async #write(occurrence: Occurrence, at: string): Promise<void> {
    for (let attempt = 1; ; attempt++) {
      try {
        return await this.#createOrCount(occurrence, at)
      } catch (err) {
        // Another component has told of the same object in the same moment: the next name is free.
        if (isAlreadyExists(err) && attempt < TRIES) continue
        // What the server refused, it will refuse again; a line that broke may be mended.
        if (err instanceof StatusError || attempt === TRIES || this.#stopped.signal.aborted) throw err
        await this.#options.clock.sleep(RETRY_AFTER_MS, this.#stopped.signal)
      }
    }
  }

  async #createOrCount(occurrence: Occurrence, at: string): Promise<void> {
    const { key, message } = this.#aggregate(occurrence)
    const known = this.#remembered.get(key)
    const events = this.#options.client.of(Event)
    const because = { because: occurrence.because ?? occurrence.about }
    if (known) {
      const count = known.count + 1
      const patch = { message, count, lastTimestamp: at }
      try {
        await events.patch(known, 'application/merge-patch+json', patch, because)
        known.count = count
        return
      } catch (err) {
        // Somebody has tidied up: begin anew.
        if (!isNotFound(err)) throw err
        this.#remembered.delete(key)
      }
    }
    const event = this.#eventOf(occurrence, message, at)
    await events.create(event, because)
    remember(this.#remembered, key, {
      name: event.metadata.name ?? '',
      namespace: event.metadata.namespace ?? '',
      count: 1,
      firstTimestamp: at,
    })
  }

  #aggregate({ about, type, reason, message, fieldPath = '' }: Occurrence): { key: string; message: string } {
    const group = [about.metadata?.uid, about.metadata?.namespace, about.metadata?.name, fieldPath, type, reason].join(
      '|',
    )
    const now = this.#options.clock.monotonic()
    let similar = this.#similar.get(group)
    if (!similar || now - similar.lastAt > SIMILAR_WITHIN_MS) {
      similar = { messages: new Set(), lastAt: now }
      remember(this.#similar, group, similar)
    }
    similar.lastAt = now
    if (similar.messages.size < MAX_SIMILAR || similar.messages.has(message)) {
      similar.messages.add(message)
      return { key: `${group}|${message}`, message }
    }
    return { key: group, message: `(combined from similar events): ${message}` }
  }

  #eventOf({ about, kind, type, reason, fieldPath, annotations }: Occurrence, message: string, at: string): CoreEvent {
    const { component, host, clock } = this.#options
    const { namespace, name = '', uid, resourceVersion } = about.metadata ?? {}
    // Nanoseconds in upstream; the serial number keeps events of one millisecond apart.
    const stamp = (BigInt(Math.floor(clock.now())) * 1_000_000n + BigInt(this.#serial++ % 1_000_000)).toString(16)
    // In the order of the types: of what is not, the server makes a copy that is.
    return {
      metadata: { name: `${name}.${stamp}`, namespace: namespace ?? 'default', ...(annotations && { annotations }) },
      involvedObject: {
        kind: kind.kind,
        ...(namespace ? { namespace } : {}),
        name,
        ...(uid ? { uid } : {}),
        apiVersion: apiVersionOf(kind),
        ...(resourceVersion ? { resourceVersion } : {}),
        ...(fieldPath ? { fieldPath } : {}),
      },
      reason,
      message,
      source: { component, ...(host ? { host } : {}) },
      firstTimestamp: at,
      lastTimestamp: at,
      count: 1,
      type,
      reportingComponent: component,
      reportingInstance: host ?? '',
    }
  }
}

/** Forgets the oldest entry when there are too many. */
function remember<V>(map: Map<string, V>, key: string, value: V): void {
  map.delete(key)
  map.set(key, value)
  if (map.size <= MAX_REMEMBERED) return
  const oldest = map.keys().next()
  if (!oldest.done) map.delete(oldest.value)
}
