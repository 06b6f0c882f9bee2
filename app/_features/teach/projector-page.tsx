'use client'

// One learner's picture and terminal, large, for the whole class to see; nothing here acts. The learner is told for as
// long as this page is open.

import dynamic from 'next/dynamic'
import { notFound } from 'next/navigation'
import { useEffect, useState } from 'react'
import type { Tile } from '../../../server/classroom/teaching/wall-view.ts'
import { api, wordsOf } from '../../_api/api-client.ts'
import { useBeingShown } from '../presence/use-presence.ts'
import { LearnerFrame, TheirPicture, useTheirPicture } from './learner-frame.tsx'
import style from './projector-page.module.css'
import { useWall } from './use-wall.ts'
import { useWhoIsShown } from './who-is-shown.ts'

const TerminalScreen = dynamic(() => import('../terminal/terminal-screen.tsx').then((file) => file.TerminalScreen), {
  ssr: false,
})

/** Readable from the last row. */
const fontSize = 18

interface Props {
  classId: string
  sessionId: string
}

export function ProjectorPage({ classId, sessionId }: Props) {
  const wall = useWall(classId)
  const shown = useWhoIsShown(wall.view?.tiles, sessionId)
  const [error, setError] = useState('')
  if (wall.isUnknown) notFound()
  return (
    <LearnerFrame classId={classId} shown={shown} error={(!shown.gone && error) || wall.error} className={style.main}>
      <Screens classId={classId} sessionId={sessionId} tile={shown.tile} onError={setError} />
    </LearnerFrame>
  )
}

function Screens({
  classId,
  sessionId,
  tile,
  onError,
}: Props & { tile: Tile | undefined; onError(words: string): void }) {
  const picture = useTheirPicture(sessionId)
  useBeingShown(sessionId)
  const learnerId = tile?.learnerId
  const tab = tile?.tabs[0]?.name ?? '1'
  useEffect(() => {
    if (learnerId === undefined) return
    onError('')
    const told = api.teach.project.subscribe({ classId, learnerId }, { onError: (cause) => onError(wordsOf(cause)) })
    return () => told.unsubscribe()
  }, [classId, learnerId, onError])
  return (
    <>
      <TheirPicture {...picture} />
      <section className={style.terminal} aria-label="Terminal">
        <TerminalScreen
          key={tab}
          sessionId={sessionId}
          tab={tab}
          title={tile?.name ?? 'A learner'}
          fontSize={fontSize}
          looksOnly
        />
      </section>
    </>
  )
}
