// The requests of one priority level that wait for a seat. A flow is dealt a hand of queues and waits in the shortest of
// them, so that a flow that sends too much fills its own queues and meets few of the others (shuffle sharding). Of the
// queues that have somebody waiting, the one comes next that has had the least work done so far (start-time fair
// queuing); one that was empty begins with what the others have had by then.
//
// Upstream: apiserver/pkg/util/flowcontrol/fairqueuing, apiserver/pkg/util/shufflesharding.

import { createHash } from 'node:crypto'

export interface Waiting {
  flow: string
  seats: number
  /** `done` wants to hear how many seconds the work took. */
  start(done?: (seconds: number) => void): void
}

interface Queue<W extends Waiting> {
  waiting: W[]
  /** Those of it that have been given a seat. */
  running: Set<W>
  /** Seats times seconds, as far as is known. */
  work: number
}

export interface QueueOptions {
  queues: number
  handSize: number
  queueLengthLimit: number
}

export class FairQueues<W extends Waiting = Waiting> {
  readonly #queues: Queue<W>[]
  readonly #handSize: number
  readonly #lengthLimit: number
  /** Dealing one takes longer than many a request. */
  readonly #hands = new Map<string, readonly Queue<W>[]>()
  /** Of the queue that was served last. */
  #work = 0
  #length = 0

  constructor({ queues, handSize, queueLengthLimit }: QueueOptions) {
    this.#queues = Array.from({ length: queues }, () => ({ waiting: [], running: new Set(), work: 0 }))
    this.#handSize = handSize
    this.#lengthLimit = queueLengthLimit
  }

  get length(): number {
    return this.#length
  }

  get all(): readonly Readonly<Queue<W>>[] {
    return this.#queues
  }

  get active(): number {
    return this.#queues.filter(({ waiting }) => waiting.length > 0).length
  }

  /** False when the hand's shortest queue is full. */
  add(one: W): boolean {
    const queue = this.#handOf(one.flow).reduce((best, other) =>
      other.waiting.length < best.waiting.length ? other : best,
    )
    if (queue.waiting.length >= this.#lengthLimit) return false
    if (queue.waiting.length === 0) queue.work = Math.max(queue.work, this.#work)
    queue.waiting.push(one)
    this.#length++
    return true
  }

  #handOf(flow: string): readonly Queue<W>[] {
    const known = this.#hands.get(flow)
    if (known) return known
    const hand = deal(flow, this.#queues.length, this.#handSize).map((at) => this.#queues[at]!)
    if (this.#hands.size >= MOST_HANDS) this.#hands.clear()
    this.#hands.set(flow, hand)
    return hand
  }

  remove(one: W): void {
    for (const queue of this.#queues) {
      const at = queue.waiting.indexOf(one)
      if (at < 0) continue
      queue.waiting.splice(at, 1)
      this.#length--
      return
    }
  }

  drain(): W[] {
    this.#length = 0
    return this.#queues.flatMap(({ waiting }) => waiting.splice(0))
  }

  #next(): Queue<W> | undefined {
    let next: Queue<W> | undefined
    for (const queue of this.#queues) {
      if (queue.waiting.length > 0 && (!next || queue.work < next.work)) next = queue
    }
    return next
  }

  peek(): W | undefined {
    return this.#length > 0 ? this.#next()?.waiting[0] : undefined
  }

  /** Starts who is next. */
  take(): void {
    const queue = this.#next()
    const one = queue?.waiting.shift()
    if (!queue || !one) return
    this.#length--
    this.#work = queue.work
    // Until it is known what it takes, it is taken for small: so a queue gives way to the others between two of its own.
    const guess = one.seats * GUESS_SECONDS
    queue.work += guess
    queue.running.add(one)
    one.start((seconds) => {
      queue.running.delete(one)
      queue.work += one.seats * seconds - guess
    })
  }
}

export const GUESS_SECONDS = 0.003
/** Two for each node of the largest clusters, and some. */
const MOST_HANDS = 12_000

/** Different cards for (almost) every flow, the same for the same. */
export function deal(flow: string, deck: number, hand: number): number[] {
  let rest = createHash('sha256').update(flow).digest().readBigUInt64LE()
  const dealt: number[] = []
  for (let left = deck; dealt.length < Math.min(hand, deck); left--) {
    let card = Number(rest % BigInt(left))
    rest /= BigInt(left)
    // Cards that are gone are counted over.
    for (const gone of [...dealt].sort((a, b) => a - b)) if (card >= gone) card++
    dealt.push(card)
  }
  return dealt
}
