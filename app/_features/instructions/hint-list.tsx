'use client'

import { useState } from 'react'
import type { StepView } from '../../../server/classroom/api/contract.ts'
import style from './hint-list.module.css'

interface Props {
  hints: StepView['hints']
  /** Opened hints: id to html. */
  opened: Record<string, string>
  open(hintId: string): void
}

/** Hints open one at a time, in their order; an opened one can be folded away. */
export function HintList({ hints, opened, open }: Props) {
  const [folded, setFolded] = useState<ReadonlySet<string>>(new Set())
  const firstClosed = hints.findIndex((hint) => opened[hint.id] === undefined)
  const toggle = (id: string) => {
    const next = new Set(folded)
    if (!next.delete(id)) next.add(id)
    setFolded(next)
  }
  return (
    <>
      <h3 className={style.heading}>Hints</h3>
      <ol>
        {hints.map((hint, index) => {
          const html = opened[hint.id]
          const isOpen = html !== undefined && !folded.has(hint.id)
          const isNext = html !== undefined || index === firstClosed
          return (
            <li key={hint.id} className={style.hint} data-hint={hint.id}>
              <button
                type="button"
                disabled={!isNext}
                aria-expanded={isOpen}
                onClick={() => (html === undefined ? open(hint.id) : toggle(hint.id))}
              >
                <span className={style.number}>{index + 1}</span>
                <span>{hint.title}</span>
                <span className="quiet">{isOpen ? 'Close' : isNext ? 'Open' : 'later'}</span>
              </button>
              {isOpen && (
                // biome-ignore lint/security/noDangerouslySetInnerHtml: rendered by the classroom from our own Markdown
                <div className={`${style.prose} ${style.hintBody}`} dangerouslySetInnerHTML={{ __html: html }} />
              )}
            </li>
          )
        })}
      </ol>
    </>
  )
}
