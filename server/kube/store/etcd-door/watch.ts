// etcdserverpb.Watch: many watches on one stream. Upstream: etcdserver/api/v3rpc/watch.go.
//
// A client that reads slowly must not make us keep its events: when its stream is full, its watches are dropped, with
// a note of how far each has come, and taken up from there when it has drained. The store's history is the buffer.

import type { Clock } from '../../../base/clock.ts'
import type { DecodedOf } from '../../../base/protobuf.ts'
import { CompactedError } from '../store-error.ts'
import type { KeyValue, Store, StoreEvent, Watch } from '../store-interface.ts'
import { type Method, type StreamCall, streaming } from './grpc-server.ts'
import { EVENT_TYPES, WATCH_FILTERS, type WatchCreateRequest, WatchRequest, WatchResponse } from './messages.ts'
import { headerAt, headerOf, keyFromWire, kvToWire, rangeEndFromWire } from './wire.ts'

/** As etcd: who asked for it hears every ten minutes how far it has come. */
const PROGRESS_NOTIFY_MS = 10 * 60 * 1000
/** As etcd's limit of a request: a client that asked for fragments is sent no larger answer, if it can be cut. */
const FRAGMENT_BYTES = 1.5 * 1024 * 1024
/** As etcd's watchBatchMaxRevs: of the past so many revisions are told of at once. */
const PAST_REVISIONS = 1000
/** "No watch in particular": progress of all of them, or a creation that failed. */
const NO_WATCH = -1

export function watchMethods(store: Store, clock: Clock): [string, Method][] {
  return [
    [
      '/etcdserverpb.Watch/Watch',
      streaming(WatchRequest, WatchResponse, (call) => new WatchStream(store, clock, call)),
    ],
  ]
}

interface Watched {
  request: WatchCreateRequest
  /** The first revision the client has not been told of. */
  next: number
  /** What came up to here is told as the past. */
  past: number
  /** Of the past, by revision: not sent yet. */
  held: StoreEvent[][]
  heldBytes: number
  /** Absent while the stream is full. */
  watch: Watch | undefined
  isCaughtUp: boolean
  /** Something was sent since progress was last told at intervals; that is as good as progress. */
  wasTold: boolean
}

type Call = StreamCall<DecodedOf<typeof WatchRequest>, WatchResponse>

class WatchStream {
  readonly #store: Store
  readonly #call: Call
  readonly #watched = new Map<number, Watched>()
  readonly #clock: Clock
  #nextId = 0
  #isPaused = false
  /** Progress that was asked for while some watches were behind. */
  #owesProgress = false
  #timer: Disposable | undefined

  constructor(store: Store, clock: Clock, call: Call) {
    this.#store = store
    this.#clock = clock
    this.#call = call
    call.onMessage = (request) => this.#receive(request)
    // A client that has no more to say may go on listening, as with etcd; it hangs up when it is done.
    call.onClose = () => this.#close()
    call.onDrain = () => this.#resume()
  }

  #receive(request: DecodedOf<typeof WatchRequest>): void {
    if (request.create_request) this.#create(request.create_request)
    else if (request.cancel_request) this.#cancel(request.cancel_request.watch_id)
    else if (request.progress_request) {
      this.#owesProgress = true
      this.#payProgress()
    }
  }

  #create(request: WatchCreateRequest): void {
    const refuse = (cancel_reason: string) =>
      this.#send({ watch_id: NO_WATCH, created: true, canceled: true, cancel_reason })
    if (request.start_revision < 0) {
      refuse('etcdserver: mvcc: required revision has been compacted')
      return
    }
    const id = request.watch_id || this.#freeId()
    if (this.#watched.has(id)) {
      refuse('mvcc: duplicate watch ID provided on the WatchStream')
      return
    }
    // An empty key with an end means "from the very first key"; etcd's clients send '\0' for it.
    const key = request.key.length > 0 ? request.key : Buffer.alloc(1)
    const next = request.start_revision || this.#store.revision + 1
    const watched: Watched = {
      request: { ...request, key },
      next,
      past: 0,
      held: [],
      heldBytes: 0,
      watch: undefined,
      isCaughtUp: false,
      wasTold: false,
    }
    this.#watched.set(id, watched)
    this.#send({ watch_id: id, created: true })
    if (request.progress_notify) this.#timer ??= this.#startTimer()
    if (!this.#isPaused) this.#start(id, watched)
  }

  #start(id: number, watched: Watched): void {
    const { request } = watched
    watched.isCaughtUp = false
    watched.past = this.#store.revision
    watched.watch = this.#store.watch(
      {
        key: keyFromWire(request.key),
        ...rangeEndFromWire(request.range_end),
        startRevision: watched.next,
        prevKv: request.prev_kv,
      },
      {
        events: (revision, events) => {
          watched.next = revision + 1
          const wanted = wantedOf(request, events)
          if (wanted.length === 0) return
          if (revision <= watched.past) this.#hold(id, watched, wanted)
          else {
            this.#sendPast(id, watched)
            this.#sendEvents(id, watched, headerAt(revision), wanted)
          }
        },
        progress: (revision) => {
          this.#sendPast(id, watched)
          watched.isCaughtUp = true
          watched.next = Math.max(watched.next, revision + 1)
          this.#payProgress()
        },
        ended: (error) => {
          this.#sendPast(id, watched)
          this.#watched.delete(id)
          const compact_revision = error instanceof CompactedError ? error.compactRevision : 0
          // The client takes the compacted revision as reason enough, and words as a reason to give up.
          const cancel_reason = compact_revision ? '' : (error?.message ?? '')
          this.#send({ watch_id: id, canceled: true, compact_revision, cancel_reason })
        },
      },
    )
  }

  #cancel(id: number): void {
    const watched = this.#watched.get(id)
    if (!watched) return
    watched.watch?.[Symbol.dispose]()
    this.#watched.delete(id)
    this.#send({ watch_id: id, canceled: true })
  }

  #hold(id: number, watched: Watched, events: StoreEvent[]): void {
    watched.held.push(events)
    for (const event of events) watched.heldBytes += bytesOfEvent(event)
    if (watched.held.length >= PAST_REVISIONS || watched.heldBytes >= FRAGMENT_BYTES) this.#sendPast(id, watched)
  }

  /** As etcd: of the past its header says how new the store is now. */
  #sendPast(id: number, watched: Watched): void {
    const events = watched.held.flat()
    letGo(watched)
    if (events.length > 0) this.#sendEvents(id, watched, headerOf(this.#store), events)
  }

  #sendEvents(id: number, watched: Watched, header: WatchResponse['header'], events: StoreEvent[]): void {
    watched.wasTold = true
    const pieces = watched.request.fragment ? inFragments(events) : [events]
    for (const [index, piece] of pieces.entries()) {
      this.#send({
        header,
        watch_id: id,
        fragment: index < pieces.length - 1,
        events: piece.map(({ type, kv, prevKv }) => ({
          type: EVENT_TYPES.indexOf(type === 'put' ? 'PUT' : 'DELETE'),
          kv: kvToWire(kv),
          prev_kv: prevKv && kvToWire(prevKv),
        })),
      })
    }
    if (this.#call.isFull) this.#pause()
  }

  #pause(): void {
    this.#isPaused = true
    const { revision } = this.#store
    for (const watched of this.#watched.values()) {
      watched.watch?.[Symbol.dispose]()
      watched.watch = undefined
      watched.next = watched.held[0]?.[0]?.kv.modRevision ?? watched.next
      letGo(watched)
      // This very revision may just be going round, and this one's turn may not have come.
      if (watched.isCaughtUp) watched.next = Math.max(watched.next, revision)
    }
  }

  #resume(): void {
    if (!this.#isPaused) return
    this.#isPaused = false
    for (const [id, watched] of this.#watched) this.#start(id, watched)
  }

  /** "All of your watches have come up to here", as soon as that is true. */
  #payProgress(): void {
    if (!this.#owesProgress || this.#isPaused) return
    for (const watched of this.#watched.values())
      if (!watched.isCaughtUp && watched.next <= this.#store.revision) return
    this.#owesProgress = false
    this.#send({ watch_id: NO_WATCH })
  }

  #startTimer(): Disposable {
    return this.#clock.setTimeout(() => {
      this.#timer = this.#startTimer()
      for (const [id, watched] of this.#watched) {
        const { request, isCaughtUp, watch, wasTold } = watched
        if (request.progress_notify && isCaughtUp && watch && !wasTold) this.#send({ watch_id: id })
        watched.wasTold = false
      }
    }, PROGRESS_NOTIFY_MS)
  }

  #close(): void {
    this.#timer?.[Symbol.dispose]()
    for (const { watch } of this.#watched.values()) watch?.[Symbol.dispose]()
    this.#watched.clear()
  }

  #freeId(): number {
    while (this.#watched.has(this.#nextId)) this.#nextId++
    return this.#nextId++
  }

  #send(response: Partial<WatchResponse>): void {
    this.#call.send({ header: headerOf(this.#store), ...response })
  }
}

function letGo(watched: Watched): void {
  watched.held = []
  watched.heldBytes = 0
}

function wantedOf({ filters }: WatchCreateRequest, events: StoreEvent[]): StoreEvent[] {
  const unwanted = filters.map((filter) => (WATCH_FILTERS[filter] === 'NOPUT' ? 'put' : 'delete'))
  return events.filter((event) => !unwanted.includes(event.type))
}

/** Pieces that stay below the limit, each of at least one event. */
function inFragments(events: StoreEvent[]): StoreEvent[][] {
  const pieces: StoreEvent[][] = [[]]
  let bytes = 0
  for (const event of events) {
    const more = bytesOfEvent(event)
    if (bytes > 0 && bytes + more >= FRAGMENT_BYTES) {
      pieces.push([])
      bytes = 0
    }
    pieces.at(-1)?.push(event)
    bytes += more
  }
  return pieces
}

const bytesOfEvent = ({ kv, prevKv }: StoreEvent) => bytesOf(kv) + (prevKv ? bytesOf(prevKv) : 0)

/** With what is around it; roughly, and rather too much. */
function bytesOf({ key, value }: KeyValue): number {
  return key.length + value.length + 64
}
