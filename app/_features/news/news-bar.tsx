'use client'

// Above the course: everything that those who teach a learner tell, line by line.

import type { NewsView } from '../../../server/classroom/teaching/wall-view.ts'
import style from './news.module.css'
import { type NewsLine, newsLines } from './news-lines.tsx'

export function NewsBar({ news }: { news: NewsView | undefined }) {
  const lines = news ? newsLines(news) : []
  if (lines.length === 0) return null
  return (
    <div className={style.bar} role="status" aria-live="polite">
      <NewsLines lines={lines} />
    </div>
  )
}

export function NewsLines({ lines }: { lines: readonly NewsLine[] }) {
  return lines.map(({ key, kind, sign, words, actions }) => (
    <div key={key} className={style.line} data-kind={kind}>
      {sign}
      <p>{words}</p>
      {actions && <div className={style.actions}>{actions}</div>}
    </div>
  ))
}
