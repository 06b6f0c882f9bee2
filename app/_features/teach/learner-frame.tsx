// The frame of the pages that show one learner, to who teaches them or to everybody: whose it is, where they are, and their
// picture, on which nothing acts. Where they are gone it says so, and nothing inside goes on trying to reach them.

import Link from 'next/link'
import { useCallback, useState } from 'react'
import { TopBar } from '../../_ui/top-bar.tsx'
import type { LensProps } from '../lenses/lens.ts'
import { LensFrame } from '../lenses/lens-frame.tsx'
import type { Selection } from '../lenses/picture/selection.ts'
import { usePictureStore } from '../lenses/picture/use-picture.ts'
import { type LensChoice, useLens } from '../lenses/use-lens.ts'
import style from './learner-frame.module.css'
import type { WhoIsShown } from './who-is-shown.ts'

/** Somebody else's picture: what is chosen on it is chosen here only. */
export function useTheirPicture(sessionId: string): { choice: LensChoice; lens: LensProps } {
  const store = usePictureStore(sessionId, { looksOnly: true })
  const choice = useLens()
  const [selection, setSelection] = useState<Selection>(null)
  const select = useCallback(
    (next: Selection) => {
      store.pin(next && 'client' in next ? next.client : undefined)
      setSelection(next)
    },
    [store],
  )
  return { choice, lens: { store, sessionId, selection, select } }
}

interface Props {
  classId: string
  shown: WhoIsShown
  error: string
  person?: React.ReactNode
  /** What else can be looked at. */
  actions?: React.ReactNode
  /** How the parts stand. */
  className: string | undefined
  children: React.ReactNode
}

export function LearnerFrame({ classId, shown, error, person, actions, className, children }: Props) {
  const { name, tile, gone, nowIn } = shown
  return (
    <div className={style.page}>
      <TopBar
        person={person}
        place={
          <>
            <Link href={`/teach/${classId}`}>Wall</Link> <span className="quiet">/</span>{' '}
            <h1 className={style.name}>{name}</h1>
            {tile?.lab && (
              <span className={style.lab}>
                {' '}
                Lab {tile.lab.number}, {tile.lab.title}. Step {tile.lab.step} of {tile.lab.steps}
              </span>
            )}
          </>
        }
      >
        {!gone && actions}
      </TopBar>
      {error && (
        <p className={style.broken} role="alert">
          {error}
        </p>
      )}
      {gone ? (
        <main className={style.gone} role="status">
          <p>{gone}</p>
          <Link href={nowIn ? `/teach/${classId}/learners/${nowIn}` : `/teach/${classId}`}>
            {nowIn ? 'To the lab they are in' : 'To the wall'}
          </Link>
        </main>
      ) : (
        <main className={`${style.main} ${className}`}>{children}</main>
      )}
    </div>
  )
}

export function TheirPicture({
  choice,
  lens,
  lookCloser,
}: ReturnType<typeof useTheirPicture> & Pick<LensProps, 'lookCloser'>) {
  const [view, setView] = useState<'canvas' | 'table'>('canvas')
  return (
    <section className={style.picture} aria-label="Picture">
      <LensFrame {...lens} lookCloser={lookCloser} choice={choice} view={view} onView={setView} isFull={false} />
    </section>
  )
}
