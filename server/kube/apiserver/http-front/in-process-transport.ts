// A component's way to the server inside one process: the same request path, but objects are handed over as they are,
// shared and frozen, with no JSON in between.

import type { KubeList, KubeObject, WatchEvent } from '../../apimachinery/object-meta.ts'
import { StatusError } from '../../apimachinery/status-error.ts'
import type { Transport, TransportRequest } from '../../client/transport.ts'
import { apiVersionOf } from '../../kinds/define-kind.ts'
import type { Answer, ListAnswer, ProxyAnswer, WatchAnswer } from '../request-path/answer.ts'
import type { ApiRequest } from '../request-path/api-request.ts'
import type { Outcome } from '../request-path/outcome.ts'
import type { UserInfo } from '../request-path/request-context.ts'
import type { KubeletCaller } from './kubelet-caller.ts'
import type { ServiceCaller } from './service-caller.ts'

const ELSEWHERE_TIMEOUT_MS = 30_000

export interface InProcessOptions {
  user: UserInfo
  client: string
  handle(request: ApiRequest): Promise<Outcome>
  kubelet: KubeletCaller
  /** For what another server serves. */
  caller(): ServiceCaller
  /** Ends with the server. */
  closing: AbortSignal
}

export function inProcessTransport(options: InProcessOptions): Transport {
  const ask = async (request: TransportRequest, isWatch: boolean): Promise<Answer> => {
    options.closing.throwIfAborted()
    const outcome = await options.handle(apiRequestOf(request, options, isWatch))
    if (!outcome.ok) throw outcome.error
    return outcome.answer
  }
  return {
    async request(request) {
      const answer = await ask(request, false)
      switch (answer.type) {
        case 'object':
          return answer.object
        case 'list':
          return listOf(answer)
        case 'document':
          return answer.body.toString()
        case 'proxy':
          return askElsewhere(options.caller(), answer, request)
        default:
          throw new StatusError('BadRequest', 'this request is answered by a stream')
      }
    },
    async watch(request) {
      const answer = await ask(request, true)
      if (answer.type !== 'watch') throw new StatusError('BadRequest', 'this request is not a watch')
      return new WatchEvents(answer, request.signal)
    },
    async stream(request) {
      const answer = await ask(request, false)
      if (answer.type === 'document') return oneChunk(answer.body)
      if (answer.type !== 'connect') throw new StatusError('BadRequest', 'this request is not answered by a stream')
      return options.kubelet.stream(answer, request.signal)
    },
  }
}

/** An API server behind an APIService, in JSON. */
async function askElsewhere(caller: ServiceCaller, answer: ProxyAnswer, request: TransportRequest): Promise<unknown> {
  const { aggregated, path } = answer
  if (!aggregated) throw new StatusError('BadRequest', 'this request is answered by a stream')
  const query = new URLSearchParams(request.query).toString()
  const { code, text } = await caller.call({
    ...aggregated,
    method: request.method,
    path: query === '' ? path : `${path}?${query}`,
    body: request.body,
    timeoutMs: ELSEWHERE_TIMEOUT_MS,
  })
  const told = JSON.parse(text) as { kind?: string; message?: string; reason?: string; code?: number }
  if (code < 400) return told
  throw StatusError.fromStatus(told.kind === 'Status' ? told : { code, message: text })
}

function apiRequestOf(request: TransportRequest, { user, client }: InProcessOptions, isWatch: boolean): ApiRequest {
  const query = new URLSearchParams(request.query)
  if (isWatch) query.set('watch', 'true')
  return {
    method: request.method,
    path: request.path,
    query,
    userAgent: client,
    accept: 'application/json',
    contentType: request.contentType ?? 'application/json',
    because: request.because ?? '',
    credentials: { type: 'known', user },
    body: request.body === undefined ? { type: 'none' } : { type: 'object', value: request.body },
    signal: request.signal,
  }
}

function listOf({ kind, result }: ListAnswer): KubeList {
  const list = {
    kind: kind.listKind,
    apiVersion: apiVersionOf(kind),
    metadata: Object.freeze(result.metadata),
    items: Object.freeze(result.entries.map((entry) => entry.object)) as KubeObject[],
  }
  return Object.freeze(list)
}

type Events = readonly WatchEvent<KubeObject>[]

/**
 * Events wait here until they are asked for; the waiting is bounded by what the reader has in memory anyway.
 * The watch opens at once, not at the first read: what happens in between must not be missed. A generator would say the
 * same in fewer lines, and make four promises each time: there are some eighty events to each pod that starts.
 */
class WatchEvents implements AsyncIterableIterator<Events, undefined> {
  readonly #signal: AbortSignal | undefined
  readonly #watch: Disposable
  #waiting: WatchEvent<KubeObject>[] = []
  #wake: (() => void) | undefined
  #isEnded = false
  #failure: StatusError | undefined

  constructor(answer: WatchAnswer, signal: AbortSignal | undefined) {
    this.#signal = signal
    this.#watch = answer.start({
      event: (event) => {
        this.#waiting.push(event)
        this.#notify()
      },
      end: (error) => {
        this.#isEnded = true
        this.#failure = error
        this.#notify()
      },
    })
  }

  async next(): Promise<IteratorResult<Events, undefined>> {
    while (!this.#signal?.aborted) {
      if (this.#waiting.length > 0) {
        const value = this.#waiting
        this.#waiting = []
        return { value, done: false }
      }
      if (this.#isEnded) break
      await new Promise<void>((resolve) => {
        this.#wake = resolve
      })
    }
    await this.return()
    if (this.#failure && !this.#signal?.aborted) throw this.#failure
    return { value: undefined, done: true }
  }

  async return(): Promise<IteratorResult<Events, undefined>> {
    this.#watch[Symbol.dispose]()
    return { value: undefined, done: true }
  }

  [Symbol.asyncIterator](): this {
    return this
  }

  #notify(): void {
    this.#wake?.()
    this.#wake = undefined
  }
}

async function* oneChunk(body: string | Buffer): AsyncGenerator<Uint8Array> {
  if (body.length > 0) yield Buffer.from(body)
}
