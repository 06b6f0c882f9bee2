// The one door from the pages to the classroom: queries and mutations in batches, subscriptions as server-sent events.

import { createTRPCClient, httpBatchLink, httpSubscriptionLink, splitLink, TRPCClientError } from '@trpc/client'
import type { AppRouter } from '../../server/classroom/api/router.ts'

const url = '/api/trpc'

export const api = createTRPCClient<AppRouter>({
  links: [
    splitLink({
      condition: (operation) => operation.type === 'subscription',
      true: httpSubscriptionLink({ url }),
      false: httpBatchLink({ url }),
    }),
  ],
})

/** What to tell a person about a failed call: the classroom's own words where it has any. */
export function wordsOf(error: unknown): string {
  // An answer of the classroom, even a refusal, carries data; without it nobody answered.
  if (error instanceof TRPCClientError && !error.data) return 'The classroom does not answer. Is its server running?'
  return error instanceof Error ? error.message : String(error)
}
