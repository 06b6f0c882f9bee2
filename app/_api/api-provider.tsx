'use client'

import { QueryClient, QueryClientProvider } from '@tanstack/react-query'
import { TRPCClientError } from '@trpc/client'
import { type ReactNode, useState } from 'react'

/** Asking again helps against a lost connection, not against an answer that said no. */
const mayHelp = (failures: number, error: Error): boolean =>
  failures < 2 && !(error instanceof TRPCClientError && error.data?.httpStatus < 500)

export function ApiProvider({ children }: { children: ReactNode }) {
  const [client] = useState(
    () => new QueryClient({ defaultOptions: { queries: { retry: mayHelp, staleTime: 5_000 } } }),
  )
  return <QueryClientProvider client={client}>{children}</QueryClientProvider>
}
