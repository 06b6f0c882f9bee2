// Sends what the loops of this process do to the API server, where Podium's picture shows it; see
// apiserver/endpoints/loop-reports.ts. A cluster that has no such ear, or does not lend it to us, is not asked again: the
// loops work the same.

import type { Clock } from '../../../base/clock.ts'
import type { Logger } from '../../../base/logger.ts'
import type { LoopTrace, ReconcileTrace, Trace, TraceEvent } from '../../../base/trace.ts'
import { StatusError } from '../../apimachinery/status-error.ts'
import type { Transport } from '../transport.ts'

const PATH = '/podium/loops'
/** What happens in so short a time is told in one request. */
const GATHER_MS = 100
/** While the server cannot be reached, the newest are kept. */
const MOST_WAITING = 500

type Told = LoopTrace | ReconcileTrace

export class LoopReporter implements Trace, AsyncDisposable {
  readonly #transportFor: (client: string) => Transport
  readonly #clock: Clock
  readonly #logger: Logger
  #waiting: Told[] = []
  #timer: Disposable | undefined
  #sending: Promise<void> = Promise.resolve()
  #isUnwanted = false

  /** Each loop speaks under the user agent of its other requests. */
  constructor(options: { transportFor(client: string): Transport; clock: Clock; logger: Logger }) {
    this.#transportFor = options.transportFor
    this.#clock = options.clock
    this.#logger = options.logger
  }

  emit(event: TraceEvent): void {
    if (this.#isUnwanted || (event.type !== 'loop' && event.type !== 'reconcile')) return
    this.#waiting.push(event)
    if (this.#waiting.length > MOST_WAITING) this.#waiting.shift()
    this.#timer ??= this.#clock.setTimeout(() => this.#flush(), GATHER_MS)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#flush()
    await this.#sending
  }

  #flush(): void {
    this.#timer?.[Symbol.dispose]()
    this.#timer = undefined
    const events = this.#waiting
    this.#waiting = []
    if (events.length > 0) this.#sending = this.#sending.then(() => this.#send(events))
  }

  async #send(all: readonly Told[]): Promise<void> {
    for (const [client, events] of Map.groupBy(all, (event) => event.client)) {
      if (this.#isUnwanted) return
      const body = { now: this.#clock.now(), events }
      try {
        await this.#transportFor(client).request({ method: 'POST', path: PATH, body })
      } catch (err) {
        const isRefused = err instanceof StatusError && err.code < 500 && err.code !== 429
        this.#isUnwanted = isRefused
        if (isRefused) this.#logger.info('nobody hears of single turns here', { why: err.message })
        else this.#logger.debug('cannot tell what was done', { err })
      }
    }
  }
}
