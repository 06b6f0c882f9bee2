// What a reconciler gets for one turn: the key, a client and a report.
//
// The client says for the reconciler why it writes (base/trace.ts, `because`) and keeps the revisions it wrote,
// so no reconciler has to remember to.

import type { Logger } from '../../base/logger.ts'
import { type KubeObject, revisionOf } from '../apimachinery/object-meta.ts'
import type { AnyKind } from '../kinds/define-kind.ts'
import { type Client, createClient } from './client.ts'
import type { EventRecorder } from './event-recorder.ts'
import type { Transport } from './transport.ts'

/** `requeueAfterMs` means: wake me then, whatever happens. Nothing means: wake me when something changes. */
// biome-ignore lint/suspicious/noConfusingVoidType: most turns end by falling off the end of the function
export type Result = { requeueAfterMs: number } | void

/**
 * Brings the world closer to what one object asks for. It is told the key and nothing of what happened: it looks at
 * the caches, compares, acts, and must be right whether it is called once or ten times.
 * A rejection means "try again later", a TerminalError "a person must look, do not try again".
 */
export interface Reconciler {
  reconcile(context: ReconcileContext): Promise<Result>
}

export class TerminalError extends Error {
  override readonly name = 'TerminalError'
}

export interface ReconcileContext {
  readonly key: string
  readonly log: Logger
  /** Aborted when the loop is being stopped. */
  readonly signal: AbortSignal
  readonly client: Client
  readonly report: Report
  /** Records an Event about an object. */
  event(kind: AnyKind, about: KubeObject, type: 'Normal' | 'Warning', reason: string, message: string): void
}

/** What the microscope shows of one turn, in words. */
export class Report {
  wanted = ''
  seen = ''
  readonly did: string[] = []
  readonly wrote: number[] = []
  readonly #wokenBy: number
  #newestSeen = 0

  /** `wokenBy`: the newest revision among the changes that put the key in the queue; 0 when time did. */
  constructor(wokenBy = 0) {
    this.#wokenBy = wokenBy
  }

  /** Names objects that the decision rests on; they are the cause when nothing but time woke the loop. */
  sees(...objects: (KubeObject | undefined)[]): void {
    for (const object of objects) if (object) this.#newestSeen = Math.max(this.#newestSeen, revisionOf(object))
  }

  /** False when only time has passed. */
  get isWoken(): boolean {
    return this.#wokenBy > 0
  }

  get because(): number {
    return this.#wokenBy || this.#newestSeen
  }
}

/** An object that is only a revision: what `because` takes. */
export const atRevision = (revision: number): KubeObject | undefined =>
  revision > 0 ? { metadata: { resourceVersion: String(revision) } } : undefined

/** The same client, whose writes are attributed to the turn of `report`. */
function attributed(client: Client, report: Report): Client {
  const { transport } = client
  const wrapped: Transport = {
    watch: (request) => transport.watch(request),
    stream: (request) => transport.stream(request),
    async request(request) {
      if (request.method === 'GET') return transport.request(request)
      const because = request.because ?? (report.because > 0 ? String(report.because) : undefined)
      const answer = await transport.request({ ...request, ...(because ? { because } : {}) })
      const revision = revisionOf((answer ?? {}) as KubeObject)
      if (revision > 0) report.wrote.push(revision)
      return answer
    },
  }
  return createClient(wrapped)
}

export function createContext(options: {
  key: string
  wokenBy: number
  client: Client
  recorder: EventRecorder
  log: Logger
  signal: AbortSignal
}): ReconcileContext {
  const { key, wokenBy, client, recorder, log, signal } = options
  const report = new Report(wokenBy)
  return {
    key,
    log,
    signal,
    report,
    client: attributed(client, report),
    event(kind, about, type, reason, message) {
      const because = atRevision(report.because)
      recorder.record({ kind, about, type, reason, message, ...(because ? { because } : {}) })
    },
  }
}
