// Sends what was written down to a server outside, many events at once, behind the requests. When it cannot keep up events
// are lost and counted in the log; requests never wait for it. Upstream: apiserver/plugin/pkg/audit/{buffered,webhook}.

import type { Clock } from '../../../base/clock.ts'
import type { Logger } from '../../../base/logger.ts'
import { httpsTransport } from '../../client/https-transport.ts'
import type { ClientConfig } from '../../client/kubeconfig.ts'
import type { AuditEvent } from './event.ts'

const BATCH = 400
const WAIT_MS = 30_000
const KEPT = 10_000
const ATTEMPTS = 5
const FIRST_RETRY_MS = 10_000
const TIMEOUT_MS = 30_000

export class AuditWebhook {
  readonly #transport: ReturnType<typeof httpsTransport>
  readonly #clock: Clock
  readonly #logger: Logger
  readonly #closing = new AbortController()
  #waiting: AuditEvent[] = []
  #timer: Disposable | undefined
  #sending: Promise<void> = Promise.resolve()

  constructor({ config, clock, logger }: { config: ClientConfig; clock: Clock; logger: Logger }) {
    this.#transport = httpsTransport({ ...config, userAgent: 'kube-apiserver', timeoutMs: TIMEOUT_MS })
    this.#clock = clock
    this.#logger = logger
  }

  readonly write = (event: AuditEvent): void => {
    if (this.#waiting.length >= KEPT) {
      this.#logger.warn('audit buffer queue is full, an event is lost', { auditID: event.auditID })
      return
    }
    this.#waiting.push(event)
    if (this.#waiting.length >= BATCH) this.#flush()
    else this.#timer ??= this.#clock.setTimeout(() => this.#flush(), WAIT_MS)
  }

  /** Sends what waits, once. */
  async close(): Promise<void> {
    this.#flush()
    this.#closing.abort(new Error('the server is shutting down'))
    await this.#sending
    this.#transport[Symbol.dispose]()
  }

  #flush(): void {
    this.#timer?.[Symbol.dispose]()
    this.#timer = undefined
    const items = this.#waiting
    this.#waiting = []
    if (items.length > 0) this.#sending = this.#sending.then(() => this.#send(items))
  }

  async #send(items: AuditEvent[]): Promise<void> {
    const body = { kind: 'EventList', apiVersion: 'audit.k8s.io/v1', metadata: {}, items }
    for (let attempt = 1; ; attempt++) {
      try {
        await this.#transport.request({ method: 'POST', path: '', body })
        return
      } catch (err) {
        if (attempt === ATTEMPTS || this.#closing.signal.aborted) {
          this.#logger.error('audit events are lost: the webhook does not take them', { events: items.length, err })
          return
        }
        await this.#clock.sleep(FIRST_RETRY_MS * 1.5 ** (attempt - 1), this.#closing.signal).catch(() => undefined)
      }
    }
  }
}
