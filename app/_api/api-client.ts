// The one door from the pages to the classroom: queries and mutations in batches, all streams of a page on one socket. (As
// server-sent events each would hold one of the six connections that a browser has to a host, and two open labs would
// leave none for anything else.)

import {
  createTRPCClient,
  createWSClient,
  httpBatchLink,
  splitLink,
  TRPCClientError,
  type TRPCLink,
  wsLink,
} from '@trpc/client'
import { observable } from '@trpc/server/observable'
import type { AppRouter } from '../../server/classroom/api/router.ts'

const url = '/api/trpc'
/** A socket that was refused, or whose network is gone; browsers do not tell which. */
const refusedOrLost = 1006

/** Whoever is not logged in any more is asked to, and comes back to where they were. */
const toLogIn: TRPCLink<AppRouter> =
  () =>
  ({ op, next }) =>
    observable((observer) =>
      next(op).subscribe({
        next: (value) => observer.next(value),
        complete: () => observer.complete(),
        error(err) {
          if (err.data?.code === 'UNAUTHORIZED') {
            location.assign(`/log-in?next=${encodeURIComponent(location.pathname)}`)
          }
          observer.error(err)
        },
      }),
    )

/** How often in a row the socket of the streams was refused or lost. */
let lost = 0

/**
 * Opened by the first stream, and by itself again when it broke. When that does not help it asks whether one is still
 * logged in; not at once, for whoever logs out here is on their way already.
 */
const streams = createWSClient({
  url: () => `${location.origin.replace(/^http/, 'ws')}/api/streams`,
  lazy: { enabled: true, closeMs: 1000 },
  // A network that is gone, as after a lid was closed, leaves a socket that looks alive and says nothing any more. Where the
  // network is only slow, an answer may have to wait for what was sent before it.
  keepAlive: { enabled: true, intervalMs: 20_000, pongTimeoutMs: 15_000 },
  retryDelayMs: (tries) => Math.min(5000, 200 * 2 ** Math.min(tries, 5)),
  onOpen: () => {
    lost = 0
  },
  onClose: (cause) => {
    if (cause?.code === refusedOrLost && ++lost === 3) void api.course.overview.query().catch(() => undefined)
  },
})

export const api = createTRPCClient<AppRouter>({
  links: [
    toLogIn,
    splitLink({
      condition: (operation) => operation.type === 'subscription',
      true: wsLink({ client: streams }),
      false: httpBatchLink({ url }),
    }),
  ],
})

/** Nobody answered: an answer of the classroom, even a refusal, carries data. */
export const wasUnanswered = (error: unknown): boolean => error instanceof TRPCClientError && !error.data

/** The classroom says that there is no such thing. */
export const isMissing = (error: unknown): boolean =>
  error instanceof TRPCClientError && error.data?.code === 'NOT_FOUND'

/** The classroom says that this is not for them, as when a role was taken away. */
export const isRefused = (error: unknown): boolean =>
  error instanceof TRPCClientError && error.data?.code === 'FORBIDDEN'

/** What to tell a person about a failed call: the classroom's own words where it has any. */
export function wordsOf(error: unknown): string {
  if (wasUnanswered(error)) return 'The classroom does not answer. Is its server running?'
  return error instanceof Error ? error.message : String(error)
}
