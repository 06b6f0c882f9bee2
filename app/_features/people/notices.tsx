import type { ReactNode } from 'react'
import { Button } from '../../_ui/button.tsx'
import { Shape } from '../../_ui/shape.tsx'
import style from './people.module.css'

export function Problem({ children }: { children: ReactNode }) {
  return (
    <p className={style.problem} role="alert">
      <Shape state="fail" />
      <span>{children}</span>
    </p>
  )
}

/** A page whose data did not come: what happened, and the way to try again. */
export function NotLoaded({ what, why, onAgain }: { what: string; why: string; onAgain: () => void }) {
  return (
    <div className={style.notice} data-kind="failed" role="alert">
      <Shape state="fail" />
      <span>
        <b>{what}</b> {why}
      </span>
      <Button small onClick={onAgain}>
        Try again
      </Button>
    </div>
  )
}

export function Note({ children }: { children: ReactNode }) {
  return (
    <div className={style.notice} role="note">
      <Shape state="held" />
      <span>{children}</span>
    </div>
  )
}
