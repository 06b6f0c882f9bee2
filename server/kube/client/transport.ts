// How a component's requests reach an API server: a function call inside the process, or HTTPS outside it.
// Everything above this line is the same in both.

import type { KubeObject, WatchEvent } from '../apimachinery/object-meta.ts'

export interface TransportRequest {
  method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE'
  /** Path without query, already escaped: `/api/v1/namespaces/default/pods/web`. */
  path: string
  query?: Record<string, string>
  body?: unknown
  /** Of the body; `application/json` by default. Patches name their own. */
  contentType?: string
  /** The form of the answer where it is not whole JSON; inside the process there is one form only. */
  accept?: string
  /** resourceVersion of the object that made the sender send this; travels as the header `Podium-Because`. */
  because?: string
  signal?: AbortSignal
  /** A longer answer is refused; inside the process there is no need. */
  mostBytes?: number
}

export interface Transport {
  /**
   * Resolves with the decoded answer of a 2xx; rejects with the server's own StatusError otherwise.
   * Answers of the in-process transport are shared and frozen: copy before changing.
   */
  request(request: TransportRequest): Promise<unknown>
  /**
   * Opens a watch. Resolves when the server has accepted it; then events come in order until the watch ends, those that
   * are there together in one piece: a promise for each would cost more than what is done with most of them.
   * An ERROR event is delivered as a rejection of the iteration with its StatusError (410 included).
   */
  watch(request: TransportRequest): Promise<AsyncIterable<readonly WatchEvent<KubeObject>[]>>
  /** A plain-text answer, line by line or in chunks as they arrive: logs. */
  stream(request: TransportRequest): Promise<AsyncIterable<Uint8Array>>
}

/** For those who hear of little: the events of a watch one by one. */
export async function* eachOf<T>(pieces: AsyncIterable<readonly T[]>): AsyncGenerator<T> {
  for await (const piece of pieces) yield* piece
}
