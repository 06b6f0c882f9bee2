// Waits as long as the server says, and asks again: who is sent away by priority and fairness is told when to come back, and
// nothing of what was asked for has been done. Without it an Event would be lost, and a status told late.
// Upstream: client-go/rest/with_retry.go.

import type { Clock } from '../../base/clock.ts'
import { StatusError } from '../apimachinery/status-error.ts'
import type { Transport, TransportRequest } from './transport.ts'

const MOST_RETRIES = 10

export function patient(transport: Transport, clock: Clock): Transport {
  const send = async <T>(request: TransportRequest, ask: (request: TransportRequest) => Promise<T>): Promise<T> => {
    for (let retries = 0; ; retries++) {
      try {
        return await ask(request)
      } catch (err) {
        const seconds = retryAfter(err)
        if (!seconds || retries === MOST_RETRIES) throw err
        await clock.sleep(seconds * 1000, request.signal)
      }
    }
  }
  return {
    request: (request) => send(request, transport.request),
    watch: (request) => send(request, transport.watch),
    stream: (request) => send(request, transport.stream),
  }
}

/** In seconds; undefined where coming again is of no use. */
function retryAfter(err: unknown): number | undefined {
  const isPassing = err instanceof StatusError && (err.code === 429 || err.code >= 500)
  return isPassing ? err.details?.retryAfterSeconds : undefined
}
