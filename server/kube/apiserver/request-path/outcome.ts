// How a request ended: with an answer, or with the error that stands in its place.

import type { StatusError } from '../../apimachinery/status-error.ts'
import type { Answer } from './answer.ts'
import type { RequestContext } from './request-context.ts'
import type { RequestInfo } from './request-info.ts'

export type Outcome = { context: RequestContext; info: RequestInfo } & (
  | { ok: true; answer: Answer }
  | {
      ok: false
      error: StatusError
      /** What was thrown, where nobody had foreseen it: a fault of the server's. */
      panic?: unknown
    }
)

export function codeOf(outcome: Outcome): number {
  if (!outcome.ok) return outcome.error.code
  const { answer } = outcome
  switch (answer.type) {
    case 'object':
    case 'document':
      return answer.code
    case 'connect':
      return outcome.info.subresource === 'log' ? 200 : 101
    case 'list':
    case 'watch':
    case 'proxy':
      return 200
  }
}
