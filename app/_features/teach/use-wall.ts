'use client'

// The wall as a stream, and the time that passes on it between two pushes.

import { useEffect, useState } from 'react'
import type { WallView } from '../../../server/classroom/teaching/wall-view.ts'
import { api, isMissing, isRefused, wordsOf } from '../../_api/api-client.ts'

export interface Wall {
  view: WallView | undefined
  /** The server's time now, as well as this page can tell. */
  now: number
  error: string
  /** There is no such class, or not for this person. */
  isUnknown: boolean
}

const retryMs = 2000

export function useWall(classId: string): Wall {
  const [view, setView] = useState<WallView>()
  const [heardAt, setHeardAt] = useState(0)
  const [error, setError] = useState('')
  const [isUnknown, setUnknown] = useState(false)
  const [local, setLocal] = useState(() => Date.now())

  useEffect(() => {
    let timer: ReturnType<typeof setTimeout> | undefined
    let subscription: { unsubscribe(): void } | undefined
    const open = () => {
      subscription = api.teach.wall.subscribe(
        { classId },
        {
          onData: (next) => {
            setError('')
            setView(next)
            setHeardAt(Date.now())
            setLocal(Date.now())
          },
          // A socket that does not come is tried again by itself; whoever waits is told.
          onConnectionStateChange: ({ error: cause }) => {
            if (cause) setError(wordsOf(cause))
          },
          onError: (cause) => {
            if (isMissing(cause) || isRefused(cause)) return setUnknown(true)
            setError(wordsOf(cause))
            timer = setTimeout(open, retryMs)
          },
        },
      )
    }
    open()
    return () => {
      clearTimeout(timer)
      subscription?.unsubscribe()
    }
  }, [classId])

  useEffect(() => {
    const timer = setInterval(() => setLocal(Date.now()), 1000)
    return () => clearInterval(timer)
  }, [])

  return { view, now: view ? view.now + Math.max(0, local - heardAt) : local, error, isUnknown }
}
