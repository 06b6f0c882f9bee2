'use client'

// The hand: up with a few words or none, down again by its owner.

import { Popover } from '@mantine/core'
import { useId, useState } from 'react'
import type { NewsView } from '../../../server/classroom/teaching/wall-view.ts'
import { api } from '../../_api/api-client.ts'
import { Button } from '../../_ui/button.tsx'
import { Icon } from '../../_ui/icon.tsx'
import style from './news.module.css'

export function RaiseHand({ news }: { news: NewsView | undefined }) {
  const id = useId()
  const [isOpen, setOpen] = useState(false)
  const [words, setWords] = useState('')
  if (!news?.inClass) return null
  if (news.hand) {
    return (
      <Button small look="go" aria-pressed onClick={() => void api.news.lowerHand.mutate()}>
        <Icon name="hand" /> {news.hand.takenBy ? `${news.hand.takenBy} is coming` : 'Lower hand'}
      </Button>
    )
  }
  return (
    <Popover opened={isOpen} onChange={setOpen} position="bottom-end" shadow="md" trapFocus>
      <Popover.Target>
        <Button small look="quiet" onClick={() => setOpen(!isOpen)}>
          <Icon name="hand" /> Raise hand
        </Button>
      </Popover.Target>
      <Popover.Dropdown>
        <form
          className={style.ask}
          onSubmit={(event) => {
            event.preventDefault()
            setOpen(false)
            setWords('')
            void api.news.raiseHand.mutate({ words })
          }}
        >
          <label htmlFor={id}>What is it about? (may stay empty)</label>
          <input id={id} value={words} maxLength={200} onChange={(event) => setWords(event.target.value)} />
          <Button small look="go" type="submit">
            Raise hand
          </Button>
        </form>
      </Popover.Dropdown>
    </Popover>
  )
}
