// Many writers, one fdatasync. While one batch is on its way to the disk the next one gathers; so with one writer
// every write has its own sync, and with sixty-four they share one. Upstream: backend/batch_tx.go, wal.Save.
//
//     enqueue a ─► [a]──write+sync──►done a
//     enqueue b, c      ─► [b c] waits ──────write+sync──► done b, done c        (always in this order)

import { isNoSpace } from './framed-file.ts'
import { NoSpaceError, StoreClosedError, StoreFailedError } from './store-error.ts'

/** A batch is cut off here, so that the first in a long queue need not wait for megabytes behind it. */
const MAX_BATCH_BYTES = 4 * 1024 * 1024

interface Item {
  /** Absent: something that only waits for all before it. */
  bytes: Buffer | undefined
  done: (error?: Error) => void
}

export class GroupCommit {
  readonly #write: (payloads: Buffer[]) => Promise<void>
  readonly #takeBack: () => void
  #queue: Item[] = []
  #exclusive: { run: () => Promise<void>; refuse: (error: Error) => void }[] = []
  #running: Promise<void> | undefined
  #wasAlone = false
  #refusal: Error | undefined

  /** `takeBack` is called when the disk is full, before anybody hears of it: all that is not durable has not happened. */
  constructor(write: (payloads: Buffer[]) => Promise<void>, takeBack: () => void) {
    this.#write = write
    this.#takeBack = takeBack
  }

  get failure(): Error | undefined {
    return this.#refusal instanceof StoreFailedError ? this.#refusal : undefined
  }

  /** Why nothing more is taken, if so. To be asked before anything is decided that could then not be written. */
  get refusal(): Error | undefined {
    return this.#refusal
  }

  enqueue(bytes: Buffer | undefined, done: (error?: Error) => void): void {
    if (this.#refusal) {
      const error = this.#refusal
      queueMicrotask(() => done(error))
      return
    }
    this.#queue.push({ bytes, done })
    this.#start()
  }

  /** Runs between two batches, when everything taken before is durable or failed. */
  exclusive<T>(run: () => Promise<T>): Promise<T> {
    return new Promise((resolve, reject) => {
      if (this.#refusal) return reject(this.#refusal)
      this.#exclusive.push({ run: () => run().then(resolve, reject), refuse: reject })
      this.#start()
    })
  }

  /** Takes nothing more and resolves when all that was taken is done. */
  async close(): Promise<void> {
    this.#refusal ??= new StoreClosedError()
    await this.#running
  }

  #start(): void {
    this.#running ??= this.#run()
  }

  async #run(): Promise<void> {
    // Whatever else arrives in this turn of the event loop goes into the same batch. Whoever was alone last time is
    // taken to be alone again, and does not wait for others.
    await (this.#wasAlone ? undefined : new Promise((resolve) => setImmediate(resolve)))
    while (this.#queue.length > 0 || this.#exclusive.length > 0) {
      await this.#exclusive.shift()?.run()
      const batch = this.#takeBatch()
      const payloads = batch.flatMap((item) => item.bytes ?? [])
      this.#wasAlone = batch.length === 1
      if (payloads.length > 0) {
        try {
          await this.#write(payloads)
        } catch (cause) {
          if (!isNoSpace(cause)) return this.#fail(new StoreFailedError(cause), batch)
          // What waits may have been decided upon what is now taken back.
          const undone = [...batch, ...this.#queue.splice(0)]
          this.#takeBack()
          for (const item of undone) item.done(new NoSpaceError({ cause }))
          continue
        }
      }
      for (const item of batch) item.done()
    }
    // In the same breath as the look at the queue: what is enqueued from now on has to start anew.
    this.#running = undefined
  }

  #takeBatch(): Item[] {
    let bytes = 0
    const end = this.#queue.findIndex((item, index) => {
      bytes += item.bytes?.length ?? 0
      return bytes > MAX_BATCH_BYTES && index > 0
    })
    return this.#queue.splice(0, end < 0 ? this.#queue.length : end)
  }

  #fail(error: StoreFailedError, batch: Item[]): void {
    this.#refusal = error
    const queue = this.#queue
    this.#queue = []
    for (const item of [...batch, ...queue]) item.done(error)
    for (const waiting of this.#exclusive.splice(0)) waiting.refuse(error)
    this.#running = undefined
  }
}
