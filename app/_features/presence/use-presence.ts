// Tells the classroom that somebody is at a page of a lab: keys, a pointer or a wheel move, told at most twice a minute. A
// page that is only open tells nothing, so its cluster goes to sleep in time.

import { useEffect } from 'react'
import { api } from '../../_api/api-client.ts'

const tellEveryMs = 30_000
const acts = ['keydown', 'pointerdown', 'pointermove', 'wheel'] as const
const deliberate = ['keydown', 'pointerdown'] as const

const tell = (sessionId: string) => void api.session.stir.mutate({ sessionId }).catch(() => undefined)

export function usePresence(sessionId: string | undefined): void {
  useEffect(() => {
    if (!sessionId) return
    // That it was opened the classroom knows.
    let told = performance.now()
    return onAny(acts, () => {
      if (performance.now() - told < tellEveryMs) return
      told = performance.now()
      tell(sessionId)
    })
  }, [sessionId])
}

/** What a whole class looks at is in use, though nobody touches it. */
export function useBeingShown(sessionId: string): void {
  useEffect(() => {
    const timer = setInterval(() => tell(sessionId), tellEveryMs)
    return () => clearInterval(timer)
  }, [sessionId])
}

/** Whoever clicks or types anywhere is back. */
export function useReturn(isAsleep: boolean, wake: () => void): void {
  useEffect(() => (isAsleep ? onAny(deliberate, wake) : undefined), [isAsleep, wake])
}

function onAny(events: readonly (keyof WindowEventMap)[], listener: () => void): () => void {
  for (const event of events) addEventListener(event, listener, { capture: true, passive: true })
  return () => {
    for (const event of events) removeEventListener(event, listener, { capture: true })
  }
}
