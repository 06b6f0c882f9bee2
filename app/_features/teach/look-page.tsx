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

const PreviewPane = dynamic(() => import('../preview/preview-pane.tsx').then((file) => file.PreviewPane), {
  ssr: false,
})

export function LookPage({ classId, sessionId }: { classId: string; sessionId: string }) {
  const { view: wall, error, isUnknown } = useWall(classId)
  const picture = useTheirPicture(sessionId)
  const [isBrowsing, setBrowsing] = useState(false)
  const isNarrow = useMediaQuery('(max-width: 900px)')
  const sheet = useScopeSheet(picture.lens)
  usePresence(sessionId)
  if (isUnknown) notFound()
  const tile = wall?.tiles.find((one) => one.sessionId === sessionId)
  return (
    <LearnerFrame
      classId={classId}
      tile={tile}
      error={error}
      person={<PersonMenu />}
      actions={
        <Button small look="quiet" aria-pressed={isBrowsing} onClick={() => setBrowsing(!isBrowsing)}>
          Browser
        </Button>
      }
      className={style.main}
    >
      {isBrowsing ? (
        <PreviewPane sessionId={sessionId} nodes={picture.lens.store.model.nodes} onClose={() => setBrowsing(false)} />
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
    </LearnerFrame>
  )
}
