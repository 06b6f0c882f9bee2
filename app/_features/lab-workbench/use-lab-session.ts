'use client'

// Data and state of a learner's run of one lab; no markup. Starting is idempotent: it resumes where one stopped.

import { useQuery } from '@tanstack/react-query'
import { useCallback, useEffect, useState } from 'react'
import type { LabView, SessionView } from '../../../server/classroom/api/contract.ts'
import { api, isMissing, wasUnanswered, wordsOf } from '../../_api/api-client.ts'

export interface LabSession {
  lab: LabView | undefined
  session: SessionView | undefined
  /** There is no such lab. */
  isUnknown: boolean
  /** What went wrong, in words; empty when nothing did. */
  error: string
  /** The session's own stream is broken; what is shown is the last that was heard. */
  isBehind: boolean
  /** Why the classroom does not tell of this session any more, as to who is in no class now; empty while it does. */
  refusal: string
  goTo(step: number): void
  answer(questionId: string, choice: number): void
  typeAnswer(answerId: string, text: string): void
  openHint(hintId: string): void
  /** To the start of the lab, or of a step. */
  reset(step?: number): void
  /** Opens the lab again; wakes its cluster where it sleeps. */
  retry(): void
}

const retryMs = 2000
const startAgainMs = 600

export function useLabSession(labId: string): LabSession {
  const lab = useQuery({ queryKey: ['lab', labId], queryFn: () => api.lab.get.query({ labId }) })
  const [session, setSession] = useState<SessionView>()
  const [error, setError] = useState('')
  const [isBehind, setBehind] = useState(false)
  const [refusal, setRefusal] = useState('')
  const [attempt, setAttempt] = useState(0)

  // biome-ignore lint/correctness/useExhaustiveDependencies: a new attempt starts again
  useEffect(() => {
    let isGone = false
    let timer: ReturnType<typeof setTimeout> | undefined
    // Starting again is the same as starting once; a network that hiccups must not ask the learner for a click.
    const start = (triesLeft: number) => {
      api.lab.start.mutate({ labId }).then(
        (started) => {
          if (isGone) return
          setError('')
          setSession(started)
        },
        (cause: unknown) => {
          if (isGone) return
          const isWorthIt = wasUnanswered(cause)
          if (!isWorthIt || triesLeft <= 0) setError(wordsOf(cause))
          if (isWorthIt) timer = setTimeout(() => start(triesLeft - 1), triesLeft > 0 ? startAgainMs : retryMs)
        },
      )
    }
    start(3)
    return () => {
      isGone = true
      clearTimeout(timer)
    }
  }, [labId, attempt])

  const sessionId = session?.id
  const { refetch, isError } = lab
  // Whoever came while the server was away reads the lab as soon as it is back.
  useEffect(() => {
    if (sessionId && isError) void refetch()
  }, [sessionId, isError, refetch])

  useEffect(() => {
    if (!sessionId) return
    let timer: ReturnType<typeof setTimeout> | undefined
    let subscription: { unsubscribe(): void } | undefined
    const open = () => {
      subscription = api.session.watch.subscribe(
        { sessionId },
        {
          onData: (next) => {
            setBehind(false)
            setRefusal('')
            setSession(next)
          },
          onError: (cause) => {
            setBehind(wasUnanswered(cause))
            setRefusal(wasUnanswered(cause) ? '' : wordsOf(cause))
            timer = setTimeout(open, retryMs)
          },
          onConnectionStateChange: ({ state, error }) => {
            if (state === 'connecting' && error) setBehind(true)
            if (state === 'pending') setBehind(false)
          },
        },
      )
    }
    open()
    return () => {
      clearTimeout(timer)
      subscription?.unsubscribe()
    }
  }, [sessionId])

  // What came of it is told by the stream. The answer is how things stood at once, and may come after something newer.
  const act = useCallback((call: Promise<SessionView>) => {
    call.then(
      () => setError(''),
      (cause: unknown) => setError(wordsOf(cause)),
    )
  }, [])

  const retry = useCallback(() => {
    void refetch()
    setAttempt((count) => count + 1)
  }, [refetch])

  return {
    lab: lab.data,
    session,
    isUnknown: isMissing(lab.error),
    error: error || (lab.error ? wordsOf(lab.error) : ''),
    isBehind,
    refusal,
    goTo: (step) => sessionId && act(api.session.goTo.mutate({ sessionId, step })),
    answer: (questionId, choice) => sessionId && act(api.session.answer.mutate({ sessionId, questionId, choice })),
    typeAnswer: (answerId, text) => sessionId && act(api.session.typeAnswer.mutate({ sessionId, answerId, text })),
    openHint: (hintId) => sessionId && act(api.session.openHint.mutate({ sessionId, hintId })),
    reset: (step) => sessionId && act(api.session.reset.mutate({ sessionId, step })),
    retry,
  }
}
