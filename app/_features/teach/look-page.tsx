'use client'

// A learner's picture as the learner has it, for those who teach them: all lenses, nothing that acts. In its place, what the
// learner's cluster serves: to its Pods they are a visitor of their own, with cookies of their own.

import { useMediaQuery } from '@mantine/hooks'
import dynamic from 'next/dynamic'
import { notFound } from 'next/navigation'
import { useState } from 'react'
import { Button } from '../../_ui/button.tsx'
import { LensScope } from '../lenses/lens-scope.tsx'
import { ScopeSheet, useScopeSheet } from '../lenses/scope-sheet.tsx'
import { PersonMenu } from '../people/person-menu.tsx'
import { usePresence } from '../presence/use-presence.ts'
import { LearnerFrame, TheirPicture, useTheirPicture } from './learner-frame.tsx'
import style from './look-page.module.css'
import { useWall } from './use-wall.ts'
import { useWhoIsShown } from './who-is-shown.ts'

const PreviewPane = dynamic(() => import('../preview/preview-pane.tsx').then((file) => file.PreviewPane), {
  ssr: false,
})

export function LookPage({ classId, sessionId }: { classId: string; sessionId: string }) {
  const { view: wall, error, isUnknown } = useWall(classId)
  const shown = useWhoIsShown(wall?.tiles, sessionId)
  const [isBrowsing, setBrowsing] = useState(false)
  if (isUnknown) notFound()
  return (
    <LearnerFrame
      classId={classId}
      shown={shown}
      error={error}
      person={<PersonMenu />}
      actions={
        <Button small look="quiet" aria-pressed={isBrowsing} onClick={() => setBrowsing(!isBrowsing)}>
          Browser
        </Button>
      }
      className={style.main}
    >
      <Look key={sessionId} sessionId={sessionId} isBrowsing={isBrowsing} onLeaveBrowser={() => setBrowsing(false)} />
    </LearnerFrame>
  )
}

interface LookProps {
  sessionId: string
  isBrowsing: boolean
  onLeaveBrowser(): void
}

function Look({ sessionId, isBrowsing, onLeaveBrowser }: LookProps) {
  const picture = useTheirPicture(sessionId)
  const isNarrow = useMediaQuery('(max-width: 900px)')
  const sheet = useScopeSheet(picture.lens)
  usePresence(sessionId)
  return (
    <>
      {isBrowsing ? (
        <PreviewPane sessionId={sessionId} nodes={picture.lens.store.model.nodes} onClose={onLeaveBrowser} />
      ) : (
        <TheirPicture {...picture} lookCloser={isNarrow ? sheet.open : undefined} />
      )}
      {isNarrow ? (
        <ScopeSheet sheet={sheet} from="bottom">
          <LensScope {...picture.lens} choice={picture.choice} lookCloser={sheet.open} />
        </ScopeSheet>
      ) : (
        <aside className={style.scope} aria-label="Microscope">
          <LensScope {...picture.lens} choice={picture.choice} />
        </aside>
      )}
    </>
  )
}
