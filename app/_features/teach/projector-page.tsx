'use client'

// One learner's picture and terminal, large, for the whole class to see; nothing here acts. The learner is told for as
// long as this page is open.

import dynamic from 'next/dynamic'
import { useEffect, useState } from 'react'
import { api, wordsOf } from '../../_api/api-client.ts'
import { useBeingShown } from '../presence/use-presence.ts'
import { LearnerFrame, TheirPicture, useTheirPicture } from './learner-frame.tsx'
import style from './projector-page.module.css'
import { useWall } from './use-wall.ts'

const TerminalScreen = dynamic(() => import('../terminal/terminal-screen.tsx').then((file) => file.TerminalScreen), {
  ssr: false,
})

/** Readable from the last row. */
const fontSize = 18

export function ProjectorPage({ classId, sessionId }: { classId: string; sessionId: string }) {
  const wall = useWall(classId)
  const picture = useTheirPicture(sessionId)
  useBeingShown(sessionId)
  const [error, setError] = useState('')
  const tile = wall.view?.tiles.find((one) => one.sessionId === sessionId)
  const learnerId = tile?.learnerId
  const shown = tile?.tabs[0]?.name ?? '1'
  useEffect(() => {
    if (learnerId === undefined) return
    const shown = api.teach.project.subscribe({ classId, learnerId }, { onError: (cause) => setError(wordsOf(cause)) })
    return () => shown.unsubscribe()
  }, [classId, learnerId])
  return (
    <LearnerFrame classId={classId} tile={tile} error={error || wall.error} className={style.main}>
      <TheirPicture {...picture} />
      <section className={style.terminal} aria-label="Terminal">
        <TerminalScreen
          key={shown}
          sessionId={sessionId}
          tab={shown}
          title={tile?.name ?? 'A learner'}
          fontSize={fontSize}
          looksOnly
        />
      </section>
    </LearnerFrame>
  )
}
