'use client'

// What those who teach tell while a learner works in a lab: a row of one height that is there for everybody in a class,
// so that nothing moves under the pointer when something is told, and nothing is laid over the lab. It shows what is most
// urgent; the rest, and what is too long for a row, opens below it when it is asked for.

import { Popover } from '@mantine/core'
import { useLocalStorage } from '@mantine/hooks'
import { useEffect, useState } from 'react'
import type { NewsView } from '../../../server/classroom/teaching/wall-view.ts'
import { Button } from '../../_ui/button.tsx'
import style from './news.module.css'
import { NewsLines } from './news-bar.tsx'
import { newsLines } from './news-lines.tsx'

export function NewsStrip({ news, labId }: { news: NewsView | undefined; labId: string }) {
  // Known before the first news comes, so that the row is there when the lab is.
  const [wasInClass, setWasInClass] = useLocalStorage({ key: 'podium.in-class', defaultValue: false })
  const inClass = news?.inClass
  useEffect(() => {
    if (inClass !== undefined) setWasInClass(inClass)
  }, [inClass, setWasInClass])
  const [isOpen, setOpen] = useState(false)
  const [read, setRead] = useState<ReadonlySet<string>>(new Set())
  const lines = news ? newsLines(news, { labId, read }) : []
  const [first, ...others] = lines
  if (!first && !(inClass ?? wasInClass)) return null
  const isNew = others.some(({ key }) => !read.has(key))
  return (
    <div className={style.strip} data-news-strip data-kind={first?.kind}>
      {first?.sign}
      <div className={style.stripWords} role="status" aria-live="polite">
        {first ? (
          <p key={first.key}>{first.words}</p>
        ) : (
          <p className="quiet">What is announced in your class stands here.</p>
        )}
        {others.map(({ key, words }) => (
          <p key={key} className="unseen">
            {words}
          </p>
        ))}
      </div>
      {first?.actions}
      {first && (
        <Popover
          opened={isOpen}
          onChange={setOpen}
          position="bottom-end"
          shadow="md"
          width="min(480px, calc(100vw - 24px))"
          trapFocus
        >
          <Popover.Target>
            <Button
              small
              look={isNew && first.kind !== 'keyboard-asked' ? 'go' : 'plain'}
              onClick={() => {
                setOpen(!isOpen)
                setRead(new Set(lines.map(({ key }) => key)))
              }}
            >
              {others.length > 0 ? `All ${lines.length}` : 'Read'}
            </Button>
          </Popover.Target>
          <Popover.Dropdown className={style.all}>
            <NewsLines lines={lines} />
          </Popover.Dropdown>
        </Popover>
      )}
    </div>
  )
}
