// Priority and fairness: a request that finds no free seat at its priority level waits, or is sent away to come back.
//
//   request ──flow schema──► level ──free seat──────────────► runs
//                              └──none──► a queue of its flow ──► runs │ 429 (queue full, waited too long)
//
// Seats that a level does not use may be used by others, as far as it lends them: a level gets another seat as long as
// all seats in use, and those that other levels keep for themselves, are no more than there are. Upstream moves the
// limits every ten seconds instead; see docs/decisions/0027-seats-are-lent-at-once.md.
// Upstream: apiserver/pkg/server/filters/priority-and-fairness.go, apiserver/pkg/util/flowcontrol.

import type { FlowSchema, PriorityLevelConfiguration } from 'kubernetes-types/flowcontrol/v1'
import type { Clock } from '../../../base/clock.ts'
import type { Count, Metrics } from '../../../base/metrics.ts'
import { StatusError } from '../../apimachinery/status-error.ts'
import { MANDATORY_LEVELS, MANDATORY_SCHEMAS } from '../../kinds/flow-control/default-objects.ts'
import type { UserInfo } from '../request-path/request-context.ts'
import type { RequestInfo } from '../request-path/request-info.ts'
import { type Asked, type AskedAndWaiting, dumpLevels, dumpQueues, dumpRequests } from './dump.ts'
import { GUESS_SECONDS } from './fair-queues.ts'
import { FlowMatch, flowOf, inOrder } from './flow-match.ts'
import { PriorityLevel, sharesOf } from './priority-level.ts'

/** A quarter of the time that a request has. */
const LONGEST_WAIT_MS = 15_000
const WAIT_BOUNDS = [0, 0.005, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 15, 30]

export interface Seat {
  schemaUid: string
  levelUid: string
  /** To be called once, when the request has been answered. */
  leave(): void
}

export interface FlowControlOptions {
  clock: Clock
  metrics: Metrics
  /** How many requests may run at once, all levels together. */
  seats: number
  schemas(): readonly FlowSchema[]
  levels(): readonly PriorityLevelConfiguration[]
}

/** Where a schema leads. */
interface Way {
  schema: FlowSchema
  level: PriorityLevel
  labels: { flow_schema: string; priority_level: string }
  dispatched: Count
}

export class FlowControl {
  readonly #options: FlowControlOptions
  readonly #levels = new Map<string, PriorityLevel>()
  #match = new FlowMatch<Way>([])
  #isStale = true
  readonly #rejected
  readonly #dispatched
  readonly #waited

  constructor(options: FlowControlOptions) {
    this.#options = options
    const { metrics } = options
    const named = 'apiserver_flowcontrol'
    this.#rejected = metrics.counter(`${named}_rejected_requests_total`, 'Requests sent away.')
    this.#dispatched = metrics.counter(`${named}_dispatched_requests_total`, 'Requests that got a seat.')
    this.#waited = metrics.histogram(`${named}_request_wait_duration_seconds`, 'Time spent waiting.', WAIT_BOUNDS)
    const perLevel = (name: string, help: string, value: (level: PriorityLevel) => number) =>
      metrics.gauge(`${named}_${name}`, help, () =>
        [...this.#levels.values()].map((level) => [{ priority_level: level.name }, value(level)] as const),
      )
    perLevel('nominal_limit_seats', 'A level’s share of all seats.', ({ nominal }) => nominal)
    perLevel('lower_limit_seats', 'Seats that a level does not lend.', ({ min }) => min)
    perLevel('upper_limit_seats', 'Seats with all that a level may borrow.', ({ max }) => max)
    perLevel('current_executing_seats', 'Seats in use.', ({ inUse }) => inUse)
    perLevel('current_executing_requests', 'Requests running.', ({ executing }) => executing)
    perLevel('current_inqueue_requests', 'Requests waiting.', ({ queues }) => queues?.length ?? 0)
  }

  /** Something in the configuration has changed. */
  changed(): void {
    this.#isStale = true
  }

  /** A seat at once where there is one: most requests wait for nothing. `size`: how many objects a list looks at. */
  enter(who: {
    user: UserInfo
    info: RequestInfo
    size: number
    signal?: AbortSignal | undefined
  }): Seat | Promise<Seat> {
    if (this.#isStale) this.#configure()
    const { user, info, size, signal } = who
    const way = this.#match.find(user, info)
    if (!way) return { schemaUid: '', levelUid: '', leave: () => {} }
    const { schema, level, labels } = way
    const seats = Math.min(level.listSeats, Math.max(1, Math.ceil(size / 100)))
    const asked: Asked = { schema, user, info, seats, arrivedMs: this.#options.clock.now() }
    if (level.isExempt || (!level.queues?.length && this.#fits(level, seats))) return this.#sit(way, asked)
    return new Promise((resolve, reject) => {
      const { clock } = this.#options
      const from = clock.monotonic()
      const sendAway = (reason: string) => {
        level.rejected++
        this.#rejected.add({ ...labels, reason })
        const told = 'the server has received too many requests and has asked us to try again later'
        reject(new StatusError('TooManyRequests', told, { details: { retryAfterSeconds: 1 } }))
      }
      const settle = () => {
        timer[Symbol.dispose]()
        signal?.removeEventListener('abort', giveUp)
        this.#waited.observe({ ...labels, execute: String(isStarted) }, (clock.monotonic() - from) / 1000)
      }
      let isStarted = false
      const one: AskedAndWaiting = {
        asked,
        flow: `${labels.flow_schema}\n${flowOf(schema, user, info)}`,
        seats,
        start: (done) => {
          isStarted = true
          settle()
          resolve(this.#sit(way, asked, done))
        },
      }
      const leaveQueue = (count: 'timedOut' | 'cancelled', reason: string) => {
        level.queues?.remove(one)
        level[count]++
        settle()
        sendAway(reason)
      }
      const giveUp = () => leaveQueue('cancelled', 'cancelled')
      const timer = clock.setTimeout(() => leaveQueue('timedOut', 'time-out'), LONGEST_WAIT_MS)
      if (!level.queues?.add(one)) {
        timer[Symbol.dispose]()
        return sendAway(level.queues ? 'queue-full' : 'concurrency-limit')
      }
      signal?.addEventListener('abort', giveUp, { once: true })
      this.#dispatch()
    })
  }

  #sit({ schema, level, dispatched }: Way, asked: Asked, done?: (seconds: number) => void): Seat {
    const { clock } = this.#options
    const { seats } = asked
    const from = clock.monotonic()
    asked.startedMs = clock.now()
    level.running.add(asked)
    level.inUse += seats
    level.executing++
    level.dispatched++
    dispatched.value++
    return {
      schemaUid: schema.metadata?.uid ?? '',
      levelUid: level.uid,
      leave: () => {
        level.inUse -= seats
        level.executing--
        level.running.delete(asked)
        done?.((clock.monotonic() - from) / 1000)
        this.#dispatch()
      },
    }
  }

  /** Does the level get so many more? */
  #fits(level: PriorityLevel, seats: number): boolean {
    const wanted = level.inUse + seats
    if (wanted <= level.min) return true
    if (wanted > level.max) return level.inUse === 0
    let taken = 0
    for (const other of this.#levels.values()) {
      if (other.isExempt) continue
      taken += Math.max(other === level ? wanted : other.inUse, other.min)
    }
    return taken <= this.#options.seats
  }

  #dispatch(): void {
    for (const level of this.#levels.values()) {
      for (;;) {
        const next = level.queues?.peek()
        if (!next || !this.#fits(level, next.seats)) break
        level.queues?.take()
      }
    }
  }

  /** Schemas that lead nowhere are passed over; the mandatory ones are there before anything is stored. */
  #configure(): void {
    this.#isStale = false
    const levels = withMandatory(this.#options.levels(), MANDATORY_LEVELS)
    const { seats } = this.#options
    const shares = levels.reduce((sum, level) => sum + sharesOf(level), 0)
    const names = new Set<string>()
    for (const told of levels) {
      const name = told.metadata?.name ?? ''
      names.add(name)
      const level = this.#levels.get(name) ?? new PriorityLevel(name)
      this.#levels.set(name, level)
      level.configure(told, { seats, shares })
    }
    for (const [name, level] of this.#levels) {
      if (names.has(name)) continue
      this.#levels.delete(name)
      for (const one of level.queues?.drain() ?? []) one.start()
    }
    const schemas = inOrder(withMandatory(this.#options.schemas(), MANDATORY_SCHEMAS))
    this.#match = new FlowMatch(schemas.flatMap((schema) => this.#wayOf(schema) ?? []))
    this.#dispatch()
  }

  #wayOf(schema: FlowSchema): Way | undefined {
    const level = this.#levels.get(schema.spec?.priorityLevelConfiguration?.name ?? '')
    if (!level) return undefined
    const labels = { flow_schema: schema.metadata?.name ?? '', priority_level: level.name }
    return { schema, level, labels, dispatched: this.#dispatched.of(labels) }
  }

  /** What `/debug/api_priority_and_fairness/<name>` shows; undefined if there is nothing of that name. */
  dump(name: string, query: URLSearchParams): string | undefined {
    const levels = [...this.#levels.values()]
    switch (name) {
      case 'dump_priority_levels':
        return dumpLevels(levels)
      case 'dump_queues':
        return dumpQueues(levels, GUESS_SECONDS)
      case 'dump_requests':
        return dumpRequests(levels, { details: Boolean(query.get('includeRequestDetails')) })
      default:
        return undefined
    }
  }
}

function withMandatory<T extends { metadata?: { name?: string } }>(stored: readonly T[], mandatory: readonly T[]): T[] {
  const names = new Set(stored.map(({ metadata }) => metadata?.name))
  return [...stored, ...mandatory.filter(({ metadata }) => !names.has(metadata?.name))]
}
