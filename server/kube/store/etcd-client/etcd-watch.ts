// A watch on a real etcd: its stream may break, and is then taken up where it was. Upstream: client/v3/watch.go.

import type { ClientDuplexStream, ServiceError } from '@grpc/grpc-js'
import type { Clock } from '../../../base/clock.ts'
import type { DecodedOf } from '../../../base/protobuf.ts'
import type { WatchResponse, WatchRequest as WireRequest } from '../etcd-door/messages.ts'
import { keyToWire, kvFromWire } from '../etcd-door/wire.ts'
import { CompactedError, StoreError } from '../store-error.ts'
import type { StoreEvent, Watch, WatchHandler, WatchRequest } from '../store-interface.ts'
import type { EtcdConnection } from './connection.ts'
import { storeErrorOf } from './etcd-error.ts'
import { WATCH } from './methods.ts'
import { isUnchanged } from './progress-check.ts'

const RECONNECT_MS = 200

export interface EtcdWatchOptions {
  connection: EtcdConnection
  clock: Clock
  /** Told of every revision that is heard of. */
  sawRevision: (revision: number) => void
  /** Whether the member's word about progress can be believed. */
  progressIsOrdered: () => boolean
  onClosed: () => void
}

export class EtcdWatch implements Watch {
  readonly #request: WatchRequest
  readonly #handler: WatchHandler
  readonly #options: EtcdWatchOptions
  #stream: ClientDuplexStream<Partial<DecodedOf<typeof WireRequest>>, WatchResponse> | undefined
  /** The first revision not yet told of; 0 before the first answer to a watch from "now". */
  #next: number
  #wantsProgress = true
  /** Where the range is known to be as it was when we were last told of an event. */
  #unchangedUntil = 0
  #isChecking = false
  #isOver = false
  #reconnect: Disposable | undefined

  constructor(request: WatchRequest, handler: WatchHandler, options: EtcdWatchOptions) {
    this.#request = request
    this.#handler = handler
    this.#options = options
    this.#next = request.startRevision ?? 0
    if (request.signal?.aborted) this[Symbol.dispose]()
    else {
      request.signal?.addEventListener('abort', () => this[Symbol.dispose](), { once: true })
      this.#open()
    }
  }

  requestProgress(): void {
    this.#wantsProgress = true
    this.#stream?.write({ progress_request: {} })
  }

  [Symbol.dispose](): void {
    if (this.#isOver) return
    this.#isOver = true
    this.#reconnect?.[Symbol.dispose]()
    this.#stream?.cancel()
    this.#options.onClosed()
  }

  end(error: Error): void {
    if (this.#isOver) return
    this[Symbol.dispose]()
    this.#handler.ended(error)
  }

  #open(): void {
    const { connection } = this.#options
    const member = connection.current
    const stream = connection.stream(WATCH)
    this.#stream = stream
    stream.on('data', (response: WatchResponse) => {
      if (!this.#isOver && stream === this.#stream) this.#hear(response)
    })
    stream.on('error', (error: ServiceError) => {
      if (this.#isOver || stream !== this.#stream) return
      const failure = storeErrorOf(error)
      if (failure.name === 'StoreUnavailableError') {
        connection.leave(member)
        this.#openAgain()
      } else this.end(failure)
    })
    stream.on('end', () => {
      if (!this.#isOver && stream === this.#stream) this.#openAgain()
    })
    stream.write({
      create_request: {
        key: keyToWire(this.#request.key),
        range_end: keyToWire(this.#request.rangeEnd ?? ''),
        start_revision: this.#next,
        prev_kv: this.#request.prevKv ?? false,
        progress_notify: false,
        filters: [],
        watch_id: 0,
        fragment: false,
      },
    })
  }

  #openAgain(): void {
    this.#stream = undefined
    this.#reconnect = this.#options.clock.setTimeout(() => this.#open(), RECONNECT_MS)
  }

  #hear(response: WatchResponse): void {
    const revision = response.header?.revision ?? 0
    this.#options.sawRevision(revision)
    if (response.canceled) {
      const { compact_revision, cancel_reason } = response
      this.end(compact_revision > 0 ? new CompactedError(compact_revision) : new StoreError(cancel_reason))
      return
    }
    if (response.created) {
      // From now on a broken stream must not skip what came while it was broken.
      if (this.#next === 0) this.#next = revision + 1
      if (this.#wantsProgress) this.#stream?.write({ progress_request: {} })
      return
    }
    if (response.events.length > 0) {
      this.#tell(response)
      return
    }
    if (this.#options.progressIsOrdered()) {
      this.#next = Math.max(this.#next, revision + 1)
      this.#progress(revision)
    } else if (this.#wantsProgress) void this.#check(revision)
  }

  #progress(revision: number): void {
    if (!this.#wantsProgress) return
    this.#wantsProgress = false
    this.#handler.progress?.(revision)
  }

  async #check(revision: number): Promise<void> {
    if (this.#isChecking) return
    this.#isChecking = true
    const stream = this.#stream
    const then = Math.max(this.#next - 1, this.#unchangedUntil)
    const unchanged = await isUnchanged(this.#options.connection, this.#request, { then, now: revision }).catch(
      () => false,
    )
    this.#isChecking = false
    if (this.#isOver || stream !== this.#stream) return
    if (unchanged) {
      this.#unchangedUntil = Math.max(this.#unchangedUntil, revision)
      this.#progress(Math.max(revision, this.#next - 1))
    } else if (this.#wantsProgress) stream?.write({ progress_request: {} })
  }

  /** One answer may hold several revisions, but never a part of one. */
  #tell({ events }: WatchResponse): void {
    let first = 0
    while (first < events.length && !this.#isOver) {
      const revision = events[first]?.kv?.mod_revision ?? 0
      let end = first
      while (events[end]?.kv?.mod_revision === revision) end++
      this.#next = revision + 1
      this.#options.sawRevision(revision)
      this.#call(revision, events.slice(first, end).map(eventFromWire))
      first = end
    }
  }

  #call(revision: number, events: StoreEvent[]): void {
    try {
      this.#handler.events(revision, events)
    } catch (error) {
      this.end(error as Error)
    }
  }
}

function eventFromWire({ type, kv, prev_kv }: WatchResponse['events'][number]): StoreEvent {
  if (!kv) throw new StoreError('etcd sent an event without a key')
  return {
    type: type === 0 ? 'put' : 'delete',
    kv: kvFromWire(kv),
    ...(prev_kv && { prevKv: kvFromWire(prev_kv) }),
  }
}
