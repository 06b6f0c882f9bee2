'use client'

// Says that the lab is done, what one knows now, and where to go from here. It comes into sight when the last step turns
// green before one's eyes; whoever comes back later finds it in its place.

import Link from 'next/link'
import { useEffect, useRef } from 'react'
import type { LabView } from '../../../server/classroom/api/contract.ts'
import { Shape } from '../../_ui/shape.tsx'
import { InlineCode } from './inline-code.tsx'
import style from './lab-done.module.css'

interface Props {
  lab: LabView
  /** Undefined until the session is known. */
  isDone: boolean | undefined
}

export function LabDone({ lab, isDone }: Props) {
  const box = useRef<HTMLElement>(null)
  const was = useRef(isDone)
  useEffect(() => {
    if (isDone && was.current === false) box.current?.scrollIntoView({ block: 'nearest' })
    was.current = isDone
  }, [isDone])
  // The region is there before its words are: only then are they read out.
  return (
    <section ref={box} role="status" aria-live="polite">
      {isDone && (
        <div className={style.done} data-lab-done={lab.id}>
          <h3>
            <Shape state="ok" /> Lab {lab.number} is done
          </h3>
          <p>What you know now:</p>
          <ul>
            {lab.learned.map((sentence) => (
              <li key={sentence}>
                <InlineCode text={sentence} />
              </li>
            ))}
          </ul>
          <p className={style.ways}>
            {lab.next && (
              <span>
                Next: <Link href={`/labs/${lab.next.labId}`}>{lab.next.title}</Link>
              </span>
            )}
            <Link href="/">Back to the course</Link>
          </p>
        </div>
      )}
    </section>
  )
}
