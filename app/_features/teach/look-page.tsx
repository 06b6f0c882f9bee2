'use client'

// A learner's picture as the learner has it, for those who teach them: all lenses, nothing that acts.

import Link from 'next/link'
import { notFound } from 'next/navigation'
import { useCallback, useState } from 'react'
import { TopBar } from '../../_ui/top-bar.tsx'
import { LensFrame } from '../lenses/lens-frame.tsx'
import { LensScope } from '../lenses/lens-scope.tsx'
import type { Selection } from '../lenses/picture/selection.ts'
import { usePictureStore } from '../lenses/picture/use-picture.ts'
import { useLens } from '../lenses/use-lens.ts'
import { PersonMenu } from '../people/person-menu.tsx'
import { usePresence } from '../presence/use-presence.ts'
import style from './look-page.module.css'
import { useWall } from './use-wall.ts'

export function LookPage({ classId, sessionId }: { classId: string; sessionId: string }) {
  const { view: wall, error, isUnknown } = useWall(classId)
  const store = usePictureStore(sessionId, { looksOnly: true })
  usePresence(sessionId)
  const choice = useLens()
  const [view, setView] = useState<'canvas' | 'table'>('canvas')
  const [selection, setSelection] = useState<Selection>(null)
  const select = useCallback(
    (next: Selection) => {
      store.pin(next && 'client' in next ? next.client : undefined)
      setSelection(next)
    },
    [store],
  )
  if (isUnknown) notFound()
  const tile = wall?.tiles.find((one) => one.sessionId === sessionId)
  const lens = { store, sessionId, selection, select }
  return (
    <div className={style.page}>
      <TopBar
        wide
        person={<PersonMenu />}
        place={
          <>
            <Link href={`/teach/${classId}`}>Wall</Link> <span className="quiet">/</span>{' '}
            <h1 className={style.name}>{tile ? tile.name : 'A learner'}</h1>
            {tile?.lab && (
              <span className="quiet">
                {' '}
                Lab {tile.lab.number}, step {tile.lab.step} of {tile.lab.steps}
              </span>
            )}
          </>
        }
      />
      {error && <p role="alert">{error}</p>}
      <main className={style.main}>
        <section className={style.picture} aria-label="Picture">
          <LensFrame {...lens} choice={choice} view={view} onView={setView} isFull={false} />
        </section>
        <aside className={style.scope} aria-label="Microscope">
          <LensScope {...lens} choice={choice} />
        </aside>
      </main>
    </div>
  )
}
