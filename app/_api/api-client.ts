// The one door from the pages to the classroom: queries and mutations in batches, subscriptions as server-sent events.

import {
  createTRPCClient,
  httpBatchLink,
  httpSubscriptionLink,
  splitLink,
  TRPCClientError,
  type TRPCLink,
} from '@trpc/client'
import { observable } from '@trpc/server/observable'
import type { AppRouter } from '../../server/classroom/api/router.ts'

const url = '/api/trpc'

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

export const api = createTRPCClient<AppRouter>({
  links: [
    toLogIn,
    splitLink({
      condition: (operation) => operation.type === 'subscription',
      true: httpSubscriptionLink({ url }),
      false: httpBatchLink({ url }),
    }),
  ],
})

/** Nobody answered: an answer of the classroom, even a refusal, carries data. */
export const wasUnanswered = (error: unknown): boolean => error instanceof TRPCClientError && !error.data

/** What to tell a person about a failed call: the classroom's own words where it has any. */
export function wordsOf(error: unknown): string {
  if (wasUnanswered(error)) return 'The classroom does not answer. Is its server running?'
  return error instanceof Error ? error.message : String(error)
}
