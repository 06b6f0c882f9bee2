// The line of keys waiting for a worker.
//
//   add(a) add(b) add(a)      queue  a b         dirty  a b      processing  –
//   get() → a                 queue  b           dirty  b        processing  a
//   add(a)                    queue  b           dirty  b a      processing  a     asked for again meanwhile
//   done(a)                   queue  b a         dirty  b a      processing  –     back in the line
//
// A key is in `dirty` when someone has asked for it and in `processing` while a worker holds it. So no key is ever
// worked twice at once, no request is lost, and asking ten times costs one turn. Fair: first come, first served.
// Upstream: client-go/util/workqueue/queue.go.

import type { QueueMetrics } from './queue-metrics.ts'

export interface QueueOptions {
  onChange?: () => void
  metrics?: QueueMetrics | undefined
}

export class WorkQueue {
  #queue: string[] = []
  readonly #dirty = new Set<string>()
  readonly #processing = new Set<string>()
  readonly #waiters: ((key: string | undefined) => void)[] = []
  readonly #onChange: () => void
  readonly #metrics: QueueMetrics | undefined
  #shuttingDown = false

  constructor({ onChange = () => undefined, metrics }: QueueOptions = {}) {
    this.#onChange = onChange
    this.#metrics = metrics
  }

  /** Keys waiting, the longest waiting first; not those being worked on. */
  get keys(): readonly string[] {
    return this.#queue
  }

  get length(): number {
    return this.#queue.length
  }

  get processing(): number {
    return this.#processing.size
  }

  get isShuttingDown(): boolean {
    return this.#shuttingDown
  }

  add(key: string): void {
    if (this.#shuttingDown || this.#dirty.has(key)) return
    this.#metrics?.added(key)
    this.#dirty.add(key)
    if (this.#processing.has(key)) return
    this.#enqueue(key)
  }

  /** The next key, when there is one; undefined when the queue shuts down. Each key got must be given back by `done`. */
  get(): Promise<string | undefined> {
    const key = this.take()
    if (key !== undefined) return Promise.resolve(key)
    if (this.#shuttingDown) return Promise.resolve(undefined)
    return new Promise((resolve) => this.#waiters.push(resolve))
  }

  /** As `get`, but without waiting. */
  take(): string | undefined {
    const key = this.#queue.shift()
    if (key === undefined) return undefined
    this.#metrics?.taken(key)
    this.#processing.add(key)
    this.#dirty.delete(key)
    this.#onChange()
    return key
  }

  done(key: string): void {
    this.#metrics?.done(key)
    this.#processing.delete(key)
    if (this.#dirty.has(key)) this.#enqueue(key)
    else this.#onChange()
  }

  /** Nothing is added any more; those who wait for a key are told that none will come. */
  shutDown(): void {
    this.#shuttingDown = true
    this.#queue = []
    this.#dirty.clear()
    this.#metrics?.emptied()
    for (const waiter of this.#waiters.splice(0)) waiter(undefined)
  }

  #enqueue(key: string): void {
    this.#queue.push(key)
    this.#onChange()
    this.#waiters.shift()?.(this.take())
  }
}
