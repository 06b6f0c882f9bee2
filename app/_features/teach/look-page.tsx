'use client'

// A learner's picture as the learner has it, for those who teach them: all lenses, nothing that acts.

import { notFound } from 'next/navigation'
import { LensScope } from '../lenses/lens-scope.tsx'
import { PersonMenu } from '../people/person-menu.tsx'
import { usePresence } from '../presence/use-presence.ts'
import { LearnerFrame, TheirPicture, useTheirPicture } from './learner-frame.tsx'
import style from './look-page.module.css'
import { useWall } from './use-wall.ts'

export function LookPage({ classId, sessionId }: { classId: string; sessionId: string }) {
  const { view: wall, error, isUnknown } = useWall(classId)
  const picture = useTheirPicture(sessionId)
  usePresence(sessionId)
  if (isUnknown) notFound()
  const tile = wall?.tiles.find((one) => one.sessionId === sessionId)
  return (
    <LearnerFrame classId={classId} tile={tile} error={error} person={<PersonMenu />} className={style.main}>
      <TheirPicture {...picture} />
      <aside className={style.scope} aria-label="Microscope">
        <LensScope {...picture.lens} choice={picture.choice} />
      </aside>
    </LearnerFrame>
  )
}
