'use client'

import { useMutation } from '@tanstack/react-query'
import { wordsOf } from '../../_api/api-client.ts'

interface Call<I> {
  run(input: I): void
  isRunning: boolean
  /** What went wrong the last time, in words. */
  problem: string
}

/** Something that a button or a form does. */
export function useCall<I, O>(call: (input: I) => Promise<O>, after: (output: O) => void): Call<I> {
  const { mutate, isPending, error } = useMutation({ mutationFn: call, onSuccess: after })
  return { run: mutate, isRunning: isPending, problem: error ? wordsOf(error) : '' }
}
