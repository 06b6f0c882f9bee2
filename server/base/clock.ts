// The only file that may touch timers and the wall clock. Everything else takes a `Clock` by the door, so that
// a whole cluster can run on a fake one.

export interface Clock {
  /** Wall clock, milliseconds since 1970. */
  now(): number
  /** Milliseconds from an arbitrary start; never goes back. For durations. */
  monotonic(): number
  /** Runs `run` once after `delayMs`; disposing cancels it. Does not keep the process alive by itself. */
  setTimeout(run: () => void, delayMs: number): Disposable
  /** Resolves after `delayMs`; rejects with the signal's reason when aborted first. */
  sleep(delayMs: number, signal?: AbortSignal): Promise<void>
}

/** RFC 3339 in seconds, as `metav1.Time` is written. */
export const isoTime = (clock: Clock): string => `${secondOf(clock.now())}Z`

/** RFC 3339 with microseconds, as `metav1.MicroTime` (Leases, Events, the audit log) is written. */
export const microTime = (clock: Clock): string => microTimeOf(clock.now())

export function microTimeOf(ms: number): string {
  const whole = Math.floor(ms)
  return `${secondOf(whole)}.${String(whole - Math.floor(whole / 1000) * 1000).padStart(3, '0')}000Z`
}

/** Each request writes a few times, and thousands of them are of one second: that is written once. */
let written = { second: 0, text: '1970-01-01T00:00:00' }

function secondOf(ms: number): string {
  const second = Math.floor(ms / 1000)
  if (second !== written.second) written = { second, text: new Date(second * 1000).toISOString().slice(0, 19) }
  return written.text
}

/** What `sleep` is of a clock that has timers. */
export function sleepOn(clock: Clock, delayMs: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal?.aborted) return reject(signal.reason)
    const onAbort = () => {
      timer[Symbol.dispose]()
      reject(signal?.reason)
    }
    const timer = clock.setTimeout(() => {
      signal?.removeEventListener('abort', onAbort)
      resolve()
    }, delayMs)
    signal?.addEventListener('abort', onAbort, { once: true })
  })
}

/** Of one of Node's timers, nearly 25 days: what is longer it takes for 1 ms. */
const LONGEST = 2 ** 31 - 1

export const systemClock: Clock = {
  now: () => Date.now(),
  monotonic: () => performance.now(),
  setTimeout(run, delayMs) {
    let timer: NodeJS.Timeout
    const wait = (leftMs: number) => {
      timer = setTimeout(leftMs > LONGEST ? () => wait(leftMs - LONGEST) : run, Math.min(leftMs, LONGEST))
      timer.unref()
    }
    wait(delayMs)
    return { [Symbol.dispose]: () => clearTimeout(timer) }
  },
  sleep: (delayMs, signal) => sleepOn(systemClock, delayMs, signal),
}

interface FakeTimer {
  due: number
  sequence: number
  run: () => void
}

/** A clock that moves only when told to. `advance` runs due timers in order and lets promises settle between them. */
export class FakeClock implements Clock {
  #now: number
  #start: number
  #sequence = 0
  #timers = new Set<FakeTimer>()

  constructor(startMs = Date.UTC(2026, 0, 1)) {
    this.#now = startMs
    this.#start = startMs
  }

  now(): number {
    return this.#now
  }

  monotonic(): number {
    return this.#now - this.#start
  }

  setTimeout(run: () => void, delayMs: number): Disposable {
    const timer: FakeTimer = { due: this.#now + Math.max(0, delayMs), sequence: this.#sequence++, run }
    this.#timers.add(timer)
    return { [Symbol.dispose]: () => void this.#timers.delete(timer) }
  }

  sleep(delayMs: number, signal?: AbortSignal): Promise<void> {
    return sleepOn(this, delayMs, signal)
  }

  /** How many timers wait; a test that ends with some left has leaked them. */
  get pending(): number {
    return this.#timers.size
  }

  async advance(ms: number): Promise<void> {
    const until = this.#now + ms
    for (;;) {
      await settlePromises()
      let next: FakeTimer | undefined
      for (const timer of this.#timers) {
        if (timer.due > until) continue
        if (!next || timer.due < next.due || (timer.due === next.due && timer.sequence < next.sequence)) next = timer
      }
      if (!next) break
      this.#timers.delete(next)
      this.#now = Math.max(this.#now, next.due)
      next.run()
    }
    this.#now = until
    await settlePromises()
  }
}

/** Lets everything that is ready to run, run: promise jobs and what they schedule. */
export async function settlePromises(): Promise<void> {
  for (let round = 0; round < 5; round++) await new Promise((resolve) => setImmediate(resolve))
}
