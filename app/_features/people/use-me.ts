'use client'

import { useQuery } from '@tanstack/react-query'
import type { Me } from '../../../server/classroom/api/people-contract.ts'
import { api } from '../../_api/api-client.ts'

export const meKey = ['me']

export function useMe(): { me: Me | undefined; error: Error | null; refetch: () => void } {
  const { data, error, refetch } = useQuery({ queryKey: meKey, queryFn: () => api.people.me.query() })
  return { me: data, error, refetch }
}

/** Where a person goes who has just been let in. Only ever to a page of ours. */
export function nextPage(search: string): string {
  const next = new URLSearchParams(search).get('next') ?? '/'
  return /^\/(?![/\\])/.test(next) ? next : '/'
}
