'use client'

// One thing at a time is asked of the classroom; what came of it is one sentence, shown beside the buttons.

import { useCallback, useState } from 'react'
import { wordsOf } from '../../_api/api-client.ts'

export interface Act {
  /** What came of the last thing that was asked; empty when nothing was, or all is well without words. */
  said: string
  isFailed: boolean
  run<T>(call: () => Promise<T>, said?: (answer: T) => string): void
}

export function useAct(): Act {
  const [outcome, setOutcome] = useState({ said: '', isFailed: false })
  const run = useCallback(<T>(call: () => Promise<T>, said: (answer: T) => string = () => '') => {
    setOutcome({ said: '', isFailed: false })
    call().then(
      (answer) => setOutcome({ said: said(answer), isFailed: false }),
      (cause: unknown) => setOutcome({ said: wordsOf(cause), isFailed: true }),
    )
  }, [])
  return { ...outcome, run }
}

/** `1 learner`, `12 learners`. */
export const learnersOf = ({ learners }: { learners: number }) => `${learners} learner${learners === 1 ? '' : 's'}`
