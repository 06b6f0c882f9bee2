import type { ReactNode } from 'react'
import { Button } from '../../../_ui/button.tsx'
import { Icon } from '../../../_ui/icon.tsx'
import style from './microscope.module.css'

export function Part({ title, aside, children }: { title: string; aside?: string; children: ReactNode }) {
  return (
    <section className={style.part}>
      <h2>
        {title} {aside && <span className="quiet">{aside}</span>}
      </h2>
      {children}
    </section>
  )
}

/** `close` is left out where nothing is chosen. */
export function Head(props: {
  glyph?: ReactNode
  title: string
  close?: (() => void) | undefined
  children?: ReactNode
}) {
  return (
    <div className={style.head}>
      <h2>
        {props.glyph}
        {props.title}
      </h2>
      {props.children}
      {props.close && (
        <Button small look="quiet" aria-label="Close" onClick={props.close}>
          <Icon name="close" size={12} />
        </Button>
      )}
    </div>
  )
}
