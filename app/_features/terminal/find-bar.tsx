'use client'

// Finds in what a shell has printed, scroll-back included. Enter goes up, where the older lines are.

import { useState } from 'react'
import { Button } from '../../_ui/button.tsx'
import { Icon } from '../../_ui/icon.tsx'
import style from './terminal.module.css'
import type { ScreenHandle } from './terminal-screen.tsx'

export function FindBar({ screen, onClose }: { screen(): ScreenHandle | undefined; onClose(): void }) {
  const [text, setText] = useState('')
  const [isMissing, setMissing] = useState(false)
  const find = (what: string, way: 'up' | 'down') => setMissing(what !== '' && !screen()?.find(what, way))
  const close = () => {
    screen()?.find('', 'up')
    onClose()
    screen()?.focus()
  }
  return (
    <search
      className={style.find}
      onKeyDown={(event) => {
        if (event.key === 'Escape') close()
      }}
    >
      <input
        // biome-ignore lint/a11y/noAutofocus: it was asked for
        autoFocus
        type="text"
        aria-label="Find in this terminal"
        aria-invalid={isMissing}
        placeholder="Find"
        spellCheck={false}
        value={text}
        onChange={(event) => {
          setText(event.currentTarget.value)
          find(event.currentTarget.value, 'up')
        }}
        onKeyDown={(event) => {
          if (event.key === 'Enter') find(text, event.shiftKey ? 'down' : 'up')
        }}
      />
      <span role="status" className="quiet">
        {isMissing && 'Not here'}
      </span>
      <Button small look="quiet" onClick={() => find(text, 'up')}>
        Up
      </Button>
      <Button small look="quiet" onClick={() => find(text, 'down')}>
        Down
      </Button>
      <Button small look="quiet" aria-label="Close find" onClick={close}>
        <Icon name="close" size={12} />
      </Button>
    </search>
  )
}
