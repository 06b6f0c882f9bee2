'use client'

// One learner's picture and terminal, large, for the whole class to see; nothing here acts. The learner is told for as
// long as this page is open.

import dynamic from 'next/dynamic'
import Link from 'next/link'
import { useCallback, useEffect, useState } from 'react'
import { api, wordsOf } from '../../_api/api-client.ts'
import { TopBar } from '../../_ui/top-bar.tsx'
import { LensFrame } from '../lenses/lens-frame.tsx'
import type { Selection } from '../lenses/picture/selection.ts'
import { usePictureStore } from '../lenses/picture/use-picture.ts'
import { useLens } from '../lenses/use-lens.ts'
import { useBeingShown } from '../presence/use-presence.ts'
import style from './projector-page.module.css'
import { useWall } from './use-wall.ts'

const TerminalScreen = dynamic(() => import('../terminal/terminal-screen.tsx').then((file) => file.TerminalScreen), {
  ssr: false,
})

/** Readable from the last row. */
const fontSize = 18

export function ProjectorPage({ classId, sessionId }: { classId: string; sessionId: string }) {
  const wall = useWall(classId)
  const store = usePictureStore(sessionId, { looksOnly: true })
  useBeingShown(sessionId)
  const choice = useLens()
  const [view, setView] = useState<'canvas' | 'table'>('canvas')
  const [selection, setSelection] = useState<Selection>(null)
  const [error, setError] = useState('')
  const select = useCallback(
    (next: Selection) => {
      store.model.pin(next && 'client' in next ? next.client : undefined)
      store.changed()
      setSelection(next)
    },
    [store],
  )
  const tile = wall.view?.tiles.find((one) => one.sessionId === sessionId)
  const learnerId = tile?.learnerId
  useEffect(() => {
    if (learnerId === undefined) return
    const shown = api.teach.project.subscribe({ classId, learnerId }, { onError: (cause) => setError(wordsOf(cause)) })
    return () => shown.unsubscribe()
  }, [classId, learnerId])
  return (
    <div className={style.page}>
      <TopBar
        wide
        place={
          <>
            <Link href={`/teach/${classId}`}>Wall</Link> <span className="quiet">/</span>{' '}
            <h1 className={style.name}>{tile ? tile.name : 'A learner'}</h1>
            {tile?.lab && (
              <span className="quiet">
                {' '}
                Lab {tile.lab.number}, {tile.lab.title}. Step {tile.lab.step} of {tile.lab.steps}
              </span>
            )}
          </>
        }
      />
      {(error || wall.error) && <p role="alert">{error || wall.error}</p>}
      <main className={style.main}>
        <section className={style.picture} aria-label="Picture">
          <LensFrame
            {...{ store, sessionId, selection, select }}
            choice={choice}
            view={view}
            onView={setView}
            isFull={false}
          />
        </section>
        <section className={style.terminal} aria-label="Terminal">
          <TerminalScreen
            sessionId={sessionId}
            tab="1"
            title={tile?.name ?? 'A learner'}
            fontSize={fontSize}
            looksOnly
          />
        </section>
      </main>
    </div>
  )
}
